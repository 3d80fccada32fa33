/**
 * Under which name `stackctl apply` keeps a pushed repository among pushed stacks. No stack is called so: their names
 * have no dot.
 */
export const pushedRepository = (name: string): string => `gitrepository.${name}`;
