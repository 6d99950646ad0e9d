/** Live checks with one planted bug each, about repairs, flips, NotReady nodes, and waves that fail for two reasons. */
import { isAnnotated } from "../../handover/model/isAnnotated";
import { isRefusal } from "../../handover/model/refusal";
import { refusals } from "../../handover/model/refusals";
import type { ClusterSeen, PodSeen } from "../../handover/model/world";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import type { CanaryInputs } from "../../handover/run/canaryResource";
import { prove } from "../../handover/run/proveRole";
import { REAL_RESOURCES, type Resources } from "./engine";
import { opening, rollingOut, withLook } from "./plantedRolloutBugs";

const { canary, credentialGuard } = REAL_RESOURCES;

/** A rollout that fails restores the former annotations also while the injection guard refuses pods without the role. */
export const takesTheRoleAwayUnderTheGuard = around(async (inputs, operation, act) => {
    let context: RunContext | undefined;
    const noting = opening(operation, (opened) => (context = opened));
    try {
        return await act(noting);
    } catch (error) {
        if (isRefusal(error)) {
            await context?.cluster.annotate(inputs.formerAnnotations, true);
        }
        throw error;
    }
});

/** A pod that was Ready, and is not, counts as one that cannot use the role. */
export const takesFlipsForFailures = rollingOut((context) =>
    withFlips(context, (seen, flipped) => ({
        ...seen,
        pods: seen.pods.map((pod) =>
            flipped.includes(pod.uid) ? { ...pod, missingPermissions: "ec2:AssignPrivateIpAddresses" } : pod,
        ),
    })),
);

/** The hand-back stops when a pod flips. */
export const stopsTheHandBackAtAFlip = handingBack((context) =>
    withFlips(context, (seen, flipped) => {
        const pods = seen.pods.filter(({ uid }) => flipped.includes(uid));
        if (pods.length > 0) {
            throw refusals.formerCredentialsFail(pods, []);
        }
        return seen;
    }),
);

/** The rollout waits for pods on nodes that do not respond. */
export const awaitsSilentNodes = rollingOut((context) =>
    withLook(context, (seen) => ({ ...seen, nodes: seen.nodes.map((node) => ({ ...node, ready: true })) })),
);

/** Nodes that do not respond use up the pods that may be unavailable in a wave of the hand-back. */
export const countsSilentNodes = handingBack((context) =>
    withLook(context, ({ daemonSet, ...seen }) => ({
        ...seen,
        daemonSet: daemonSet && {
            ...daemonSet,
            maxUnavailable: daemonSet.maxUnavailable - seen.nodes.filter(({ ready }) => !ready).length,
        },
    })),
);

/** One pod that does not start for another reason stops the rollout, whatever the others of its wave do. */
export const stopsAtTheFirstThatDoesNotStart = rollingOut((context) =>
    withLook(context, (seen) => {
        const why = seen.pods.find(({ startProblem }) => startProblem !== undefined)?.startProblem;
        return why === undefined
            ? seen
            : { ...seen, pods: seen.pods.map((pod) => (pod.ready ? pod : { ...pod, startProblem: why })) };
    }),
);

/** A run after one that was killed as it took a wave back proves the role first, and leaves the wave if that fails. */
export const provesBeforeItTakesBack = around(async (inputs, operation, act) => {
    const { open } = operation;
    if (open === undefined) {
        return act(operation);
    }
    return act({
        ...operation,
        open: async (...args) => {
            const context = await open(...args);
            const cluster = await context.cluster.look();
            if (!isAnnotated(inputs.subject, cluster)) {
                await prove(context, { ...inputs, isOwn: true }, { cluster });
            }
            return context;
        },
    });
});

/** A run that finds pods with the role restarts two of the others at first: it takes these pods for its own canaries. */
export const beginsWithAWave = rollingOut((context) => {
    let seen: ClusterSeen | undefined;
    let isFirst = true;
    const { cluster } = withLook(context, (looked) => (seen = looked));
    const restart = async (pod: PodSeen) => {
        const others = (seen?.pods ?? []).filter(({ uid, ready }) => ready && uid !== pod.uid);
        const second = others.find(({ credentials }) => credentials.kind === "nodeRole");
        const finds = others.some(({ credentials }) => credentials.kind === "webIdentity");
        await context.cluster.restart(pod);
        if (isFirst && finds && second !== undefined) {
            await context.cluster.restart(second);
        }
        isFirst = false;
    };
    return { ...context, cluster: { ...cluster, restart } };
});

/** The rollout with something around it. */
function around(
    run: <T>(
        inputs: CanaryInputs,
        operation: OperationContext,
        act: (operation: OperationContext) => Promise<T>,
    ) => Promise<T>,
): Resources {
    return {
        ...REAL_RESOURCES,
        canary: {
            ...canary,
            create: (inputs, operation) => run(inputs, operation, (changed) => canary.create(inputs, changed)),
            update: (state, inputs, operation) =>
                run(inputs, operation, (changed) => canary.update(state, inputs, changed)),
        },
    };
}

/** The hand-back with another run context. */
function handingBack(changed: (context: RunContext) => RunContext): Resources {
    return {
        ...REAL_RESOURCES,
        credentialGuard: {
            ...credentialGuard,
            delete: (state, operation) => credentialGuard.delete(state, opening(operation, changed)),
        },
    };
}

/** `flipped`: the UIDs of the pods on Ready nodes that an earlier look has seen Ready, and that are not. */
function withFlips(
    context: RunContext,
    changed: (seen: ClusterSeen, flipped: readonly string[]) => ClusterSeen,
): RunContext {
    const worked = new Set<string>();
    return withLook(context, (seen) => {
        const nodes = new Set(seen.nodes.filter(({ ready }) => ready).map(({ name }) => name));
        const flipped = seen.pods.filter(
            (pod) => worked.has(pod.uid) && !pod.ready && !pod.terminating && nodes.has(pod.node),
        );
        seen.pods.filter(({ ready }) => ready).forEach(({ uid }) => worked.add(uid));
        return changed(
            seen,
            flipped.map(({ uid }) => uid),
        );
    });
}
