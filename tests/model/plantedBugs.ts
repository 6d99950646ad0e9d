/** Live checks with one planted bug each, which the model must catch. */
import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { OtherDelivery } from "../../handover/model/otherDelivery";
import { withObserved } from "../../handover/model/record";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, Resources } from "./engine";

/** Detaches the policies from the node roles before any pod is verified. */
export const detachesEarly: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: async (inputs, operation) => {
            const context = await operation.open?.(inputs, [], operation);
            for (const roleName of inputs.detachFromNodeRoles ?? []) {
                for (const policyArn of inputs.record.nodeRolePolicies[roleName] ?? []) {
                    await context?.aws.detach(roleName, policyArn);
                }
            }
            return REAL_RESOURCES.detachment.create(inputs, operation);
        },
    },
};

/** Has lost the approved roles when it hands back. */
export const forgetsTheRecord: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete(
                { ...state, record: { ...state.record, approvedRoleArns: [] } },
                operation,
            ),
    },
};

/** Removes the injection guard before the node roles have their policies again. */
export const removesTheGuardFirst: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        delete: async (state, operation) => {
            const context = await operation.open?.(state, [], operation);
            await context?.cluster.removeInjectionGuard();
            return REAL_RESOURCES.detachment.delete(state, operation);
        },
    },
};

/** Does not see the injection guard, so that neither the credential guard nor the canary widens it before another role is delivered. */
export const neverWidens: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        update: (state, inputs, operation) =>
            REAL_RESOURCES.credentialGuard.update(state, inputs, { ...operation, open: openBlind(operation) }),
    },
    canary: {
        ...REAL_RESOURCES.canary,
        create: (inputs, operation) =>
            REAL_RESOURCES.canary.create(inputs, { ...operation, open: openBlind(operation) }),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.canary.update(state, inputs, { ...operation, open: openBlind(operation) }),
    },
};

function openBlind({ open }: OperationContext): OperationContext["open"] {
    return async (...args) => {
        const context = (await open?.(...args)) as RunContext;
        const look = async () => {
            const { injectionGuard, ...seen } = await context.cluster.look();
            return { ...seen, injectionGuard: { present: injectionGuard.present, inForce: injectionGuard.inForce } };
        };
        return { ...context, cluster: { ...context.cluster, look } };
    };
}

/** The hand-back moves pods before IAM enforces the policies. */
export const doesNotAwaitIam: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete({ ...state, iamPropagationSeconds: 0 }, operation),
    },
};

/** The hand-back moves only the pods that carry the newest role. */
export const movesTheNewestRoleOnly: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) => {
            const approvedRoleArns = state.record.approvedRoleArns.slice(-1);
            return REAL_RESOURCES.credentialGuard.delete(
                { ...state, record: { ...state.record, approvedRoleArns } },
                operation,
            );
        },
    },
};

/** The detachment does not ask EKS for the add-on's role. */
export const ignoresTheAddOn: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: (inputs, operation) => REAL_RESOURCES.detachment.create(inputs, withoutOtherDelivery(operation)),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.detachment.update(state, inputs, withoutOtherDelivery(operation)),
    },
};

/** Detaches as soon as the injection guard's objects exist, without a test that the API server enforces them. */
export const trustsTheGuardsObjects: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: (inputs, operation) => REAL_RESOURCES.detachment.create(inputs, withoutAdmissionTest(operation)),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.detachment.update(state, inputs, withoutAdmissionTest(operation)),
    },
};

function withoutAdmissionTest(operation: OperationContext): OperationContext {
    return opening(operation, (context) => {
        const testAdmission = () => Promise.resolve({ verdict: "refused" as const });
        return { ...context, cluster: { ...context.cluster, testAdmission } };
    });
}

function withoutOtherDelivery(operation: OperationContext): OperationContext {
    return withOtherDelivery(operation, () => ({
        addOnRoleArn: undefined,
        podIdentityRoleArns: [],
        unread: [],
    }));
}

function withOtherDelivery(
    operation: OperationContext,
    changed: (seen: OtherDelivery) => OtherDelivery,
): OperationContext {
    return withAws(operation, (aws) => ({
        otherDelivery: async (...asked) => changed(await aws.otherDelivery(...asked)),
    }));
}

function withAws(operation: OperationContext, calls: (aws: AwsAccess) => Partial<AwsAccess>): OperationContext {
    return opening(operation, (context) => ({ ...context, aws: { ...context.aws, ...calls(context.aws) } }));
}

/** The same operation with another run context. */
function opening(operation: OperationContext, changed: (context: RunContext) => RunContext): OperationContext {
    const { open } = operation;
    return open === undefined ? operation : { ...operation, open: async (...args) => changed(await open(...args)) };
}

/** Updates the role in place without comparing what it loses. */
export const narrowsInPlace: Resources = { ...REAL_RESOURCES, beforeUpdate: () => undefined };

/** Does not ask what the policies of the role grant. */
export const takesNeededPolicies: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        create: (inputs, operation) => REAL_RESOURCES.credentialGuard.create(inputs, withEveryGrant(operation)),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.credentialGuard.update(state, inputs, withEveryGrant(operation)),
    },
};

function withEveryGrant(operation: OperationContext): OperationContext {
    return withAws(operation, () => ({ missingGrants: () => Promise.resolve({ cni: [], logs: [] }) }));
}

/** `forceDestroy` does not look at the cluster. */
export const forcesWithoutLooking: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            state.forceDestroy ? Promise.resolve() : REAL_RESOURCES.credentialGuard.delete(state, operation),
    },
};

/** A refresh records the policies that it sees. */
export const recordsOnRefresh: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        read: async (state, operation) => {
            const { outputs, drift } = await REAL_RESOURCES.credentialGuard.read(state, operation);
            const context = await operation.open?.(state, state.record.namedNodeRoles, operation);
            const seen = await context?.aws.look({
                instanceIds: [],
                roleNames: state.record.namedNodeRoles,
                ipFamily: state.subject.ipFamily,
                searchElsewhere: false,
            });
            const record = withObserved(outputs.record, {
                roleArn: state.subject.roleArn,
                detachFromNodeRoles: [],
                nodeRoles: seen?.nodeRoles ?? [],
            });
            return { outputs: { ...outputs, record }, drift };
        },
    },
};

/** What EKS does not show counts as nothing. */
export const ignoresWhatIsUnread: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        create: (inputs, operation) => REAL_RESOURCES.credentialGuard.create(inputs, withoutUnread(operation)),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.credentialGuard.update(state, inputs, withoutUnread(operation)),
    },
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: (inputs, operation) => REAL_RESOURCES.detachment.create(inputs, withoutUnread(operation)),
        update: (state, inputs, operation) => REAL_RESOURCES.detachment.update(state, inputs, withoutUnread(operation)),
    },
};

function withoutUnread(operation: OperationContext): OperationContext {
    return withOtherDelivery(operation, (seen) => ({ ...seen, unread: [] }));
}

/** Takes the annotation of any run for the sign that this run turns the live checks off, as a destroy after a kill does. */
export const trustsTheMark: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete(state, { ...operation, turningOff: () => "annotated" }),
    },
};

/** Takes a role that the credential guard has not approved for an approved one. */
export const missesTheGuard: Resources = { ...REAL_RESOURCES, isLeftOut: () => false };

/** Takes a role that no canary has tried for one that works on the nodes. */
export const missesTheCanary: Resources = { ...REAL_RESOURCES, isUntried: () => false };

/** Takes a hand-over to another role that has left out a live check, or in which one has failed, for a finished one. */
export const missesTheUnfinished: Resources = { ...REAL_RESOURCES, isUnfinished: () => false };

/** Takes each delete of the detachment for the begin of a hand-back. With `--replace`, none follows. */
export const unguardsAsItIsReplaced: Resources = removesTheGuardFirst;
