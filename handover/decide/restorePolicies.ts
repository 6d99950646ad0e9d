import { describeCredentials } from "../model/carriedRole";
import { refusals } from "../model/refusals";
import { Memory, RolePolicy, Step } from "../model/steps";
import type { DetachmentTarget } from "./detachmentTarget";
import { Fleet } from "./fleet";
import { attachStep, hasPropagated, propagationStep } from "./giveBack";
import { usesNodeRole } from "./withoutPath";

/** If a pod uses the permissions of a node role, the detached policies are attached again before anything else. */
export function restorePoliciesStep(
    { iamPropagationSeconds }: DetachmentTarget,
    fleet: Fleet,
    lost: readonly RolePolicy[],
    memory: Memory,
    at: number,
): Step | undefined {
    const withoutRole = [...fleet.wrong, ...fleet.terminating].filter(({ credentials }) => usesNodeRole(credentials));
    const [first] = withoutRole;
    if (first === undefined) {
        return undefined;
    }
    if (lost.length > 0) {
        return attachStep(
            lost,
            memory,
            at,
            `${describeCredentials(first)}: attaching the policies to the node roles again`,
        );
    }
    if (memory.restores > MAX_RESTORES) {
        return { do: "refuse", refusal: refusals.podsWithoutRole(withoutRole) };
    }
    return memory.attachedAt !== undefined && !hasPropagated(memory)
        ? propagationStep(iamPropagationSeconds)
        : undefined;
}

/** How often a run attaches policies again because of a pod without the role, and continues. After one more, it refuses. */
const MAX_RESTORES = 3;
