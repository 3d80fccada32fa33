declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The name of a stack: the key of the queue and of everything that is remembered. */
export type StackName = Branded<'StackName'>;
/** The engine's 64-character ids. Everything destructive is addressed by them, never by name. */
export type ContainerId = Branded<'ContainerId'>;
export type NetworkId = Branded<'NetworkId'>;
/** `sha256:...` */
export type ImageId = Branded<'ImageId'>;

export const stackName = (text: string): StackName => text as StackName;
export const containerId = (text: string): ContainerId => text as ContainerId;
export const networkId = (text: string): NetworkId => text as NetworkId;
export const imageId = (text: string): ImageId => text as ImageId;

/** One replica of a service, which outlives its containers: `web/1`. */
export type SlotName = `${string}/${number}`;
export const slotName = (service: string, ordinal: number): SlotName => `${service}/${ordinal}`;
