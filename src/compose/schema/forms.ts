import { z } from 'zod';

/**
 * The forms in which Compose lets one write a value, as zod schemas. They accept what is left after
 * interpolation: where Compose takes a number it takes a string too, because a variable may have stood there
 * (Compose specification, "Interpolation"). What a string says is checked when it is made canonical.
 *
 * Every schema carries a description for editors and `stackctl explain`; `error` is not a message but the
 * words for what was expected, from which `issues.ts` makes one.
 */
export const text = (description: string) => z.string().meta({ description });

/** true or false, or a string that a variable was put into. */
export const flag = (description: string) =>
  z.union([z.boolean(), z.string()], { error: 'true or false' }).meta({ description });

export const number = (description: string) =>
  z.union([z.number(), z.string()], { error: 'a number' }).meta({ description });

/** The same, and not below 0. */
export const count = (description: string) =>
  z.union([z.number().min(0), z.string()], { error: 'a number' }).meta({ description });

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number; the range binds numbers only, as docker compose 2.40 does it. */
export const whole = (description: string, { min, max }: Range = {}) => {
  const atLeast = min === undefined ? z.int() : z.int().min(min);
  const bounded = max === undefined ? atLeast : atLeast.max(max);
  return z.union([bounded, z.string()], { error: 'a whole number' }).meta({ description });
};

/** Bytes: `64`, `64k`, `1.5g`. */
export const size = (description: string) =>
  z.union([z.number(), z.string()], { error: 'a size such as 512m' }).meta({ description });

/** The same where fractions of a byte are refused. */
export const wholeSize = (description: string) =>
  z.union([z.int(), z.string()], { error: 'a size such as 512m' }).meta({ description });

/** `1m30s`: a number alone has no unit and is refused. */
export const duration = (description: string) =>
  z.string({ error: 'a duration such as 1m30s' }).meta({ description });

export const listOf = <Item extends z.ZodType>(item: Item, items: string) =>
  z.array(item, { error: `a list of ${items}` });

export const texts = (description: string) => listOf(z.string(), 'strings').meta({ description });

/** A list in which nothing may stand twice. Where Compose drops repetitions by itself, the plain form is used. */
const distinct = <Item extends z.ZodType>(list: z.ZodArray<Item>) =>
  list
    .refine((items) => new Set(items).size === items.length, {
      error: 'a list in which nothing stands twice',
    })
    .meta({ uniqueItems: true });

export const distinctTexts = (description: string) =>
  distinct(listOf(z.string(), 'strings')).meta({ description, uniqueItems: true });

/** Names of resources, each at most once. */
export const distinctNames = (names: string) => distinct(listOf(z.string(), names));

export const distinctTextsOrNumbers = (description: string) =>
  distinct(listOf(z.union([z.string(), z.number()]), 'strings')).meta({ description, uniqueItems: true });

export const textsOrNumbers = (description: string) =>
  listOf(z.union([z.string(), z.number()]), 'strings').meta({ description });

export const textOrTexts = (description: string) =>
  z.union([z.string(), listOf(z.string(), 'strings')]).meta({ description });

/** `null` is the image's own; a string is split as a shell would, without running one. */
export const commandLine = (description: string) =>
  z.union([z.null(), z.string(), listOf(z.string(), 'strings')]).meta({ description });

/** `.inf` and `.nan` are numbers of YAML and none of zod; docker compose makes the texts `+Inf` and `NaN` of them. */
const withText = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

const scalar = z.preprocess(
  withText,
  z.union([z.string(), z.number(), z.boolean(), z.null()], {
    error: 'a string, a number, true, false or nothing',
  }),
);

/** A key of a map such as `environment`; only the empty one is refused. */
const someKey = z.string().min(1);

/** `{KEY: value}` or `[KEY=value]`. */
export const pairs = (description: string) =>
  z
    .union([z.record(someKey, scalar), listOf(z.string(), 'KEY=value strings')], {
      error: 'a map, or a list of KEY=value strings',
    })
    .meta({ description });

/** The same where docker compose 2.40 refuses an entry that stands twice: it does not drop it in these fields. */
export const distinctPairs = (description: string) =>
  z
    .union([z.record(someKey, scalar), distinct(listOf(z.string(), 'KEY=value strings'))], {
      error: 'a map, or a list of KEY=value strings',
    })
    .meta({ description });

/** A map to strings or numbers: the options of a driver. */
export const options = (description: string) =>
  z.record(someKey, z.union([z.string(), z.number()])).meta({ description });

export const textMap = (description: string) => z.record(someKey, z.string()).meta({ description });

/** Names of services, volumes and the like. */
export const resourceName = z.string().regex(/^[a-zA-Z0-9._-]+$/, {
  error: 'letters, digits, ".", "_" and "-"',
});

export const byName = <Value extends z.ZodType>(value: Value, description: string) =>
  z.record(resourceName, value).meta({ description });

/**
 * A mapping with known fields. Unknown ones are faults, except `x-*`, which every section takes: zod cannot
 * say so, therefore `issues.ts` forgives them and the JSON Schema is given a pattern for them.
 */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape);

/** A section without any required field, which may therefore be left empty (`data:`). */
export const sectionOrNothing = <Shape extends z.ZodRawShape>(shape: Shape, description: string) =>
  z.union([section(shape), z.null()], { error: 'a map or nothing' }).meta({ description });

/** `[80, "8000-8010"]` and the like keep their own descriptions; every field of Compose may be absent. */
export const optional = <Shape extends Record<string, z.ZodType>>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, schema.optional()])) as {
    [Key in keyof Shape]: z.ZodOptional<Shape[Key]>;
  };
