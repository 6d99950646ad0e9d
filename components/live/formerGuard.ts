import * as pulumi from "@pulumi/pulumi";
import type { FormerHandOver } from "../../handover/model/formerHandOver";
import type { Subject } from "../../handover/model/subject";
import { KnownArgs } from "../arguments/knownArgs";
import { knownPartOf } from "../arguments/validateArguments";
import { resourceHook } from "../failures/namedHooks";

/** A live check as the last update left it, as far as a preview learns of it. */
export interface Former<T> {
    readonly hooks: pulumi.ResourceHookBinding;
    /** Undefined if there was none, or if it does not change. Known once the live check is registered. */
    readonly found: () => T | undefined;
}

/**
 * Keeps what a live check had recorded, for the plan of a preview. The engine does not give the program the outputs of a resource that is
 * about to change. Only a hook gets them.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function rememberFormer<T>(what: string, read: (change: KnownArgs) => T | undefined): Former<T> {
    let found: T | undefined;
    const hook = resourceHook(
        what,
        async ({ oldInputs, oldOutputs, newInputs }) => {
            found = read(await knownPartOf({ oldInputs, oldOutputs, newInputs }));
        },
        { onDryRun: true },
    );
    return { hooks: hook === undefined ? {} : { beforeUpdate: [hook] }, found: () => found };
}

/** The credential guard before its update. */
export function rememberFormerGuard(): Former<FormerHandOver> {
    return rememberFormer("former-guard", formerHandOver);
}

/** From the inputs and the outputs of the guard, as far as they are known. */
export function formerHandOver({ oldInputs, oldOutputs, newInputs }: KnownArgs): FormerHandOver | undefined {
    const { record } = (oldOutputs ?? {}) as Partial<FormerHandOver>;
    const [before, after] = [policiesOf(oldInputs), policiesOf(newInputs)];
    return record === undefined
        ? undefined
        : {
              record,
              policiesAdded: after.filter((arn) => !before.includes(arn)),
              policiesRemoved: before.filter((arn) => !after.includes(arn)),
              ...handedOver(oldInputs),
              ...subjectBefore(oldInputs),
          };
}

function subjectBefore(inputs: unknown): Pick<FormerHandOver, "subject"> {
    const { subject } = (inputs ?? {}) as { readonly subject?: unknown };
    return typeof subject === "object" ? { subject: subject as Subject } : {};
}

function handedOver(inputs: unknown): Pick<FormerHandOver, "handedOverClusterArns"> {
    const { handedOverClusterArns } = (inputs ?? {}) as { readonly handedOverClusterArns?: unknown };
    return Array.isArray(handedOverClusterArns)
        ? { handedOverClusterArns: handedOverClusterArns.filter((arn) => typeof arn === "string") }
        : {};
}

/** An ARN that is not known yet is left out. */
function policiesOf(inputs: unknown): string[] {
    const { policyArns } = (inputs ?? {}) as { readonly policyArns?: unknown };
    return Array.isArray(policyArns) ? policyArns.filter((arn) => typeof arn === "string") : [];
}
