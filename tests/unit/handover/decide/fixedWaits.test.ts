import { deepStrictEqual } from "node:assert/strict";
import { ownAssociationStep } from "../../../../handover/decide/association";
import { nextCanaryStep } from "../../../../handover/decide/canary";
import { nextHandBackStep } from "../../../../handover/decide/handBack";
import { nextAssociationTakeBackStep } from "../../../../handover/decide/takeBackAssociation";
import type { Step } from "../../../../handover/model/steps";
import { associated, associations, own, record, seen, withCredentials } from "../support/podIdentity";
import { target as rolling } from "../support/rollouts";
import {
    carrying,
    daemonSet,
    FORMER_ROLE,
    LONG_AGO,
    MANAGER,
    memoryWith,
    onNodeRole,
    pod,
    pods,
    ROLE_ARN,
    seconds,
    serviceAccount,
    subject,
} from "../support/worlds";

const none = { associations: associations() };
const skipping = { ...daemonSet, skipsContainers: true as const };

/** The end of a wait that the time limit does not count. */
const endOf = (step: Step | undefined) => (step?.do === "wait" ? step.until : step?.do);

describe("A wait until EKS knows an association, or has forgotten it,", () => {
    it("ends 30 s after the association was changed", () => {
        const young = associations({ ...own, modifiedAt: seconds(-20) });
        const world = seen(onNodeRole, { account: { associations: young } });
        deepStrictEqual(endOf(ownAssociationStep(associated, world)), seconds(10));
    });

    it("ends 30 s after a hand-back has deleted it", () => {
        const waits = { iamPropagationSeconds: 120, canarySeconds: 300 };
        const target = { subject: associated, record, formerAnnotations: {}, ...waits };
        const world = seen(onNodeRole, { cluster: { daemonSet: skipping }, account: none });
        const begun = { startedAt: LONG_AGO, propagatedAt: seconds(-60) };
        const memory = memoryWith({ ...begun, associationChangedAt: seconds(-29) });
        deepStrictEqual(endOf(nextHandBackStep(target, world, memory)), seconds(1));
    });

    it("ends 30 s after a rollout that failed has deleted it", () => {
        const left = pods(onNodeRole, pod("n2", withCredentials));
        const world = seen(onNodeRole, { cluster: { pods: left }, account: none });
        const memory = memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-25) });
        const waits = { iamPropagationSeconds: 120, canarySeconds: 300 };
        const target = { subject: associated, record, formerAnnotations: {}, association: undefined, ...waits };
        deepStrictEqual(endOf(nextAssociationTakeBackStep(target, world, memory)), seconds(5));
    });

    it("ends 30 s after the start of the rollout that moves the pods to the annotation", () => {
        const annotated = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };
        const account = { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: [MANAGER] };
        const target = { ...rolling, subject: annotated, record, serviceAccountUid: undefined };
        const world = seen(onNodeRole, { cluster: { daemonSet: skipping, serviceAccount: account }, account: none });
        deepStrictEqual(endOf(nextCanaryStep(target, world, memoryWith({ startedAt: seconds(-28) }))), seconds(2));
    });

    it("is no other wait", () => {
        const starting = pod("n2", carrying(FORMER_ROLE), { ready: false, readySince: undefined });
        const world = seen(withCredentials, { cluster: { pods: pods(withCredentials, starting) } });
        deepStrictEqual(endOf(ownAssociationStep(associated, world)), undefined);
    });
});
