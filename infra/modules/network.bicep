metadata description = 'How resources are reached over the network.'

@export()
@description('Who reaches a resource over the network.')
type networkType = {
  @description('Whether there is a public address at all.')
  publicAccess: 'Enabled' | 'Disabled'
  @description('What happens to addresses that no rule names.')
  defaultAction: 'Allow' | 'Deny'
}
