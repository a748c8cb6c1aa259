metadata description = 'What the catalog (infra/catalog.json) says, as the templates need it.'

@export()
@description('A text of the catalog with the values of app settings put in place of their names.')
func fill(text string, values object) string =>
  reduce(items(values), text, (filled, setting) => replace(string(filled), '\${${setting.key}}', setting.value))

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
