metadata description = 'What the catalog (infra/catalog.json) says, as the templates need it.'

@export()
@description('A text of the catalog with the values of app settings put in place of their names.')
func fill(text string, values object) string =>
  reduce(items(values), text, (filled, setting) => replace(string(filled), '\${${setting.key}}', setting.value))

@export()
@description('The value of every setting that the catalog takes: what is given, else what is known, else its default.')
func settingsOf(catalog object, given object, known object) object =>
  toObject(
    filter(catalog.settings, setting => !contains(credentialSettingsOf(catalog), setting.name)),
    setting => setting.name,
    setting =>
      nonEmpty(given[?setting.name]) ?? known[?setting.name] ?? (setting.required
        ? fail('The catalog takes the setting ${setting.name}, which has no value. Set it in the environment, or in SLUICE_SETTINGS.')
        : setting.default)
  )

func nonEmpty(value string?) string? => empty(value) ? null : value

@export()
@description('Where a resource is: /subscriptions/…/resourceGroups/…/providers/…/registries/NAME.')
func placeOf(resourceId string) object => {
  subscription: split(resourceId, '/')[2]
  resourceGroup: split(resourceId, '/')[4]
  name: last(split(resourceId, '/'))
}

@export()
@description('App settings whose values are secrets of the vault.')
func credentialSettingsOf(catalog object) string[] =>
  flatten(map(catalog.credentials, prefix => ['${prefix}_USERNAME', '${prefix}_PASSWORD']))

@export()
@description('The scopes of access.json that a registry belongs to.')
func accessScopesOf(registry object, catalog object) string[] =>
  registry.key == catalog.buffer
    ? ['buffer']
    : concat(
        registry.kick ? ['dependents'] : ['watched'],
        contains(map(catalog.upstreams, upstream => upstream.registry), registry.key) ? ['upstream'] : []
      )

@export()
@description('The repositories of a registry whose pushes Sluice wants to hear of.')
func repositoriesOf(key string, catalog object) string[] =>
  union(
    key == catalog.buffer ? concat(catalog.repositories.staging, catalog.repositories.targets) : [],
    map(filter(catalog.upstreams, upstream => upstream.registry == key), upstream => upstream.repository)
  )
