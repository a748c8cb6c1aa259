/**
 * The names of the distribution specification, v1.1, and of ACR:
 *   repository = component *("/" component)      component = alpha-numeric *(separator alpha-numeric)
 *   separator  = "." / "_" / "__" / 1*"-"        tag = ( letter / digit / "_" ) *127( letter / digit / "_" / "." / "-" )
 */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repository = new RegExp(`^${component}(?:/${component})*$`);
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^sha256:[a-f0-9]{64}$/;

export const isRepository = (text: string): boolean => text.length <= 255 && repository.test(text);
export const isTag = (text: string): boolean => tag.test(text);
export const isDigest = (text: string): boolean => digest.test(text);
