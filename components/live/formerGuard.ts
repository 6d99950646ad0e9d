import * as pulumi from "@pulumi/pulumi";
import type { FormerHandOver } from "../../handover/model/formerHandOver";
import { KnownArgs } from "../arguments/knownArgs";
import { knownPartOf } from "../arguments/validateArguments";
import { resourceHook } from "../failures/namedHooks";

/** The credential guard as the last update left it, as far as a preview learns of it. */
export interface FormerGuard {
    readonly hooks: pulumi.ResourceHookBinding;
    /** Undefined if there was none, or if it does not change. Known once the guard is registered. */
    readonly found: () => FormerHandOver | undefined;
}

/**
 * Keeps what the credential guard had recorded, for the plan of a preview. The engine does not give the program the outputs of a resource
 * that is about to change. Only a hook gets them.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function rememberFormerGuard(): FormerGuard {
    let found: FormerHandOver | undefined;
    const hook = resourceHook(
        "former-guard",
        async ({ oldInputs, oldOutputs, newInputs }) => {
            found = formerHandOver(await knownPartOf({ oldInputs, oldOutputs, newInputs }));
        },
        { onDryRun: true },
    );
    return { hooks: hook === undefined ? {} : { beforeUpdate: [hook] }, found: () => found };
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
          };
}

/** An ARN that is not known yet is left out. */
function policiesOf(inputs: unknown): string[] {
    const { policyArns } = (inputs ?? {}) as { readonly policyArns?: unknown };
    return Array.isArray(policyArns) ? policyArns.filter((arn) => typeof arn === "string") : [];
}
