import { deepStrictEqual } from "node:assert/strict";
import { annotationsToRestore, type Restorable } from "../../../../handover/decide/annotationsToRestore";
import type { World } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    subject,
    world,
} from "../support/worlds";

const former = { [ROLE_ARN]: FORMER_ROLE };
/** Both roles are the component's own, so that the engine deletes the former one once the pods have moved. */
const target: Restorable = {
    subject,
    record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE], ownRoleArns: [FORMER_ROLE, ROLE], namedNodeRoles: [] },
    formerAnnotations: former,
    isRepair: false,
    isReplacing: true,
};

describe("A rollout that fails restores", () => {
    const rows: [string, Partial<Restorable>, World | undefined, object][] = [
        ["the annotation of the role that it replaces", {}, world(onNodeRole), former],
        ["it also where the run has seen nothing", { isReplacing: false }, undefined, former],
        ["it after that where a Ready pod carries this role", { isReplacing: false }, oneCarries(true), former],
        ["no role that may be deleted by now", { isReplacing: false }, world(onNodeRole), {}],
        ["no such role where only a pod that is not Ready carries it", { isReplacing: false }, oneCarries(false), {}],
        ["no such role as a repair", { isReplacing: false, isRepair: true }, world(onNodeRole), {}],
        [
            "the role of another owner, which the engine does not delete",
            { isReplacing: false, record: { ...target.record, ownRoleArns: [ROLE] } },
            world(onNodeRole),
            former,
        ],
    ];
    for (const [what, changes, first, expected] of rows) {
        it(what, () => {
            deepStrictEqual(annotationsToRestore({ ...target, ...changes }, first, first), expected);
        });
    }
});

function oneCarries(ready: boolean): World {
    const carrier = pod("n1", carrying(FORMER_ROLE), ready ? {} : { ready, readySince: undefined });
    return world(onNodeRole, { cluster: { pods: pods(onNodeRole, carrier) } });
}
