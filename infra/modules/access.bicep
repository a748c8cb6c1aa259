metadata description = 'Reads access.json: which identity gets which role on which scope.'

@export()
@description('The assignments of one scope, for the principals that there are.')
func assignmentsOf(scopeName string, principals object) array =>
  filter(
    loadJsonContent('../access.json').assignments,
    assignment => assignment.on == scopeName && !empty(principals[?assignment.who] ?? '')
  )

@export()
@description('The GUID of a role: a custom one of this deployment, or a built-in one.')
func roleIdOf(role string, customRoleIds object) string =>
  customRoleIds[?role] ?? loadJsonContent('../access.json').roles[role].id

@export()
@description('What kind of principal a name of access.json stands for.')
func principalTypeOf(who string) string => who == 'operators' ? 'Group' : 'ServicePrincipal'
