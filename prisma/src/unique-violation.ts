// Which unique constraint a write ran into: the constraint decides, never a look before the write.
import { Prisma } from './generated/client.js';

/**
 * The columns of the constraint, or its name; null when `cause` is something else. From Prisma 7 on the constraint stands in the driver
 * adapter's error: `meta.target` is gone.
 */
export function violatedUnique(cause: unknown): readonly string[] | null {
  if (!(cause instanceof Prisma.PrismaClientKnownRequestError) || cause.code !== 'P2002') return null;
  const { constraint } =
    (cause.meta as { driverAdapterError?: { cause?: { constraint?: Constraint } } } | undefined)?.driverAdapterError?.cause ?? {};
  if (constraint?.fields !== undefined) return constraint.fields.map((field) => field.replaceAll('"', ''));
  return constraint?.index === undefined ? [] : [constraint.index];
}

type Constraint = Readonly<{ fields?: readonly string[]; index?: string }>;
