import * as pulumi from "@pulumi/pulumi";
import type { FormerHandOver } from "../../handover/model/formerHandOver";
import type { HandOverRecord } from "../../handover/model/record";
import type { Timeouts } from "../../handover/model/subject";
import type { LiveInputs } from "../../handover/run/liveResource";
import { DEFAULT_TIMEOUTS } from "../arguments/defaults";
import { givenProperties } from "../arguments/knownArgs";
import { after, resourcesAfter } from "../arguments/validArgs";
import { Gate } from "../arguments/validateArguments";
import { Proof } from "../cniLiveArgs";
import { IpFamily } from "../cniServiceAccountRoleArgs";
import { fieldManager } from "../delivery/fieldManager";
import { daemonSetNameOf } from "../delivery/rollout";
import { createDeletionOrder } from "./deletionOrder";
import { handOverSubject, otherDeliveryOf, type PodIdentityNames } from "./handOverSubject";
import { liveConnection, regionOrConfigured } from "./liveConnection";
import { LiveContext, liveSettings } from "./liveContext";
import { AddOnRole, Canary, CredentialGuard, Detachment, Inputs } from "./liveResources";
import { unlessLeftOut } from "./guardLeftOut";
import { unlessUnfinished } from "./handOverLeftOut";
import { isOfProgram } from "./ownNodeRoles";
import { rememberFormerDetachment } from "./formerDetachment";
import { rememberFormerGuard } from "./formerGuard";
import { refuseSerialWait } from "./serialWait";
import { showPlanAfterGuard, showPlanBeforeGuard, showsPlan } from "./previewPlan";

/** The credential guard, and the gate for the resources after it. */
export interface Guard {
    readonly resource: CredentialGuard;
    /**
     * In a preview it passes once the plan is shown, because a resource after the guard may fail the preview. In an update it passes
     * once the guard has approved the role.
     */
    readonly gate: Gate;
    /** The guard before its update, as far as a preview knows it. Undefined if it does not act. */
    readonly former: () => FormerHandOver | undefined;
}

/** Creates the resource that proves the role and records the state before the hand-over. Its delete is the hand-back. */
export function createCredentialGuard(live: LiveContext, before: readonly pulumi.CustomResource[]): Guard {
    const { name, args, valid, gate, role, shape, parent } = live;
    const order = createDeletionOrder(name, shape.role, { parent, dependsOn: resourcesAfter(gate, before) });
    const former = showsPlan() ? rememberFormerGuard() : undefined;
    const resource = new CredentialGuard(
        `${name}-credential-guard`,
        {
            ...commonInputs(live),
            proof: args.proof ?? Proof.Full,
            overrideExistingServiceAccount: orElse(valid.overrideExistingServiceAccount, false),
            detachFromNodeRoles: valid.detachFromNodeRoles ?? [],
            ownNodeRoles: after(gate, live.ownNodeRoles).apply(namesOrNothing),
            handedOverClusterArns: valid.handedOverClusterArns,
            regions: valid.regions,
            injectionGuard: shape.injectionGuard,
            policyArns: role.policyArns,
            additionalPolicies: (args.additionalPolicyArns ?? []).length > 0,
            roleUniqueId: role.uniqueId ?? "",
            existingRoleOfProgram: after(gate, isOfProgram(args.existingRoleArn)),
            maxNotReadyNodes: liveSettings(live).maxNotReadyNodes || undefined,
        },
        { parent, dependsOn: resourcesAfter(gate, [...order, ...before]), ...(former && { hooks: former.hooks }) },
    );
    const shown = showPlanBeforeGuard(live, resource.record, former?.found);
    return { resource, gate: unlessLeftOut(shown, resource, role), former: () => former?.found() };
}

/** The marks of the resources that deliver the role before the pods restart. */
export interface Delivered {
    /** Empty without a patch of the service account. */
    readonly serviceAccountUid: pulumi.Output<string>;
    /** Undefined without an association. */
    readonly associationId: pulumi.Output<string> | undefined;
}

/** Creates the resource that restarts the pods: the canaries first, then the others in waves. */
export function createCanary(
    live: LiveContext,
    guard: Guard,
    { serviceAccountUid, associationId }: Delivered,
    before: readonly pulumi.CustomResource[],
): Canary {
    const hooks = refuseSerialWait(live.args.delivery, recordedInputs(live, guard));
    return new Canary(
        `${live.name}-canary`,
        {
            ...commonInputs(live),
            ...recorded(guard),
            proof: live.args.proof ?? Proof.Full,
            formerAnnotations: guard.resource.formerAnnotations,
            serviceAccountUid,
            associationId,
            stableSeconds: liveSettings(live).stableSeconds,
            overrideExistingServiceAccount: live.shape.addOnRole
                ? live.valid.overrideExistingServiceAccount
                : undefined,
            delivered: live.delivered,
        },
        { parent: live.parent, dependsOn: resourcesAfter(guard.gate, before), hooks },
    );
}

/** Creates the resource that gives the managed add-on the role, once the canary has moved all pods, if the shape includes it. */
export function createAddOnRole(
    live: LiveContext,
    guard: Guard,
    canary: Canary,
    before: readonly pulumi.CustomResource[],
): AddOnRole | undefined {
    return live.shape.addOnRole
        ? new AddOnRole(
              `${live.name}-add-on-role`,
              {
                  ...commonInputs(live),
                  ...recorded(guard),
                  delivered: live.delivered,
                  rollouts: orElse(canary.rollouts, 0),
              },
              { parent: live.parent, dependsOn: resourcesAfter(guard.gate, before) },
          )
        : undefined;
}

/** The detachment, and the component's outputs that come from it. */
export interface Detached {
    readonly resource: Detachment;
    readonly verifiedPods: pulumi.Output<number>;
    readonly detachedFrom: pulumi.Output<string[]>;
    readonly remainingSteps: pulumi.Output<string[]>;
}

/** The live checks that may restart pods, or make EKS restart them. Each time, the pods are verified again. */
export interface Moved {
    readonly canary: Canary;
    readonly addOnRole: AddOnRole | undefined;
}

/** Creates the resource that verifies every pod, creates the injection guard, and then detaches the CNI policy from the node roles. */
export function createDetachment(
    live: LiveContext,
    guard: Guard,
    { canary, addOnRole }: Moved,
    before: readonly pulumi.CustomResource[],
): Detached {
    const { valid } = live;
    const { injectionGuard, stableSeconds, maxNotReadyNodes } = liveSettings(live);
    const former = showsPlan() ? rememberFormerDetachment() : undefined;
    const resource = new Detachment(
        `${live.name}-detachment`,
        {
            ...commonInputs(live),
            ...recorded(guard),
            delivered: live.delivered,
            rollouts: pulumi
                .all([orElse(canary.rollouts, 0), orElse(addOnRole?.updates, 0)])
                .apply(([rollouts, updates]) => rollouts + updates),
            injectionGuard,
            stableSeconds,
            maxNotReadyNodes,
            proof: unlessFull(live.args.proof),
            detachFromNodeRoles: valid.detachFromNodeRoles,
            handedOverClusterArns: valid.handedOverClusterArns,
            regions: valid.regions,
        },
        {
            parent: live.parent,
            dependsOn: resourcesAfter(guard.gate, before),
            ...(former && { hooks: former.hooks }),
        },
    );
    const { verifiedPods, detachedFrom, remainingSteps } = resource;
    const outcomes = { canary: canary.shown, detachment: verifiedPods, left: { detachedFrom, remainingSteps } };
    const shown = showPlanAfterGuard(live, guard.resource.record, outcomes, former?.found);
    const finished = unlessUnfinished(shown, guard.resource, resource);
    return {
        resource,
        verifiedPods: after(finished, orElse(verifiedPods, 0)),
        detachedFrom: orElse(detachedFrom, []),
        remainingSteps: orElse(remainingSteps, []),
    };
}

/** The output `emergencyCommand`. A preview may not know the record, and mocks return none. */
export function emergencyLine(live: LiveContext, { resource }: Guard): pulumi.Output<string> {
    return pulumi.all([subject(live), resource.record]).apply(async ([named, record]) => {
        if (!isRecord(record)) {
            return "";
        }
        // Imported on demand, so that a program that only imports the package does not load it.
        const { emergencyCommand } = await import("../../handover/model/emergency");
        const { subjectOf } = await import("../../handover/model/record");
        return emergencyCommand(subjectOf(record, named), record);
    });
}

const isRecord = (record: unknown): record is HandOverRecord =>
    typeof record === "object" && record !== null && "namedNodeRoles" in record;

/** The inputs of a run that goes by the record, outside of the live checks. */
export function recordedInputs(live: LiveContext, guard: Guard): object {
    const { maxNotReadyNodes } = liveSettings(live);
    return { ...commonInputs(live), ...recorded(guard), maxNotReadyNodes };
}

/** The outputs of the credential guard. A preview may not know them, and mocks return none. */
function recorded({ resource }: Guard) {
    return { record: resource.record, approvedRole: resource.approvedRole };
}

function commonInputs(live: LiveContext): Inputs<LiveInputs> {
    const { args, valid, region } = live;
    const { kubeconfig, context, aws } = liveConnection(valid);
    return {
        subject: subject(live),
        timeouts: timeoutsOf(args),
        iamPropagationSeconds: liveSettings(live).iamPropagationSeconds,
        kubeconfig,
        context,
        aws,
        region: regionOrConfigured(region),
        forceDestroy: orElse(valid.forceDestroy, false),
        drift: "none",
    };
}

/** The state has a limit for another delivery only with one: an upgrade of a stack without one changes nothing. */
function timeoutsOf(args: LiveContext["args"]): Timeouts {
    const { deliverySeconds, ...others } = DEFAULT_TIMEOUTS;
    const ofDelivery = otherDeliveryOf(args) === undefined ? {} : { deliverySeconds };
    return { ...others, ...ofDelivery, ...givenProperties(args.timeouts ?? {}) };
}

function subject(live: LiveContext) {
    const { name, args, valid, role, annotations, serviceAccount, oidcProviderArn, podIdentity } = live;
    const manager = fieldManager(name);
    return pulumi
        .all([
            role.arn,
            annotations,
            serviceAccount,
            oidcProviderArn,
            valid.additionalOidcProviderArns ?? [],
            valid.clusterName ?? "",
            daemonSetNameOf(valid),
            podIdentity ?? {},
        ])
        .apply(([roleArn, delivered, account, provider, others, clusterName, daemonSetName, cluster]) =>
            handOverSubject({
                component: name,
                fieldManager: manager,
                ipFamily: args.ipFamily ?? IpFamily.Ipv4,
                roleArn,
                annotations: delivered,
                serviceAccount: account,
                oidcProviderArns: [provider, ...((others as string[] | undefined) ?? [])],
                clusterName,
                daemonSetName,
                delivery: otherDeliveryOf(args),
                cluster: cluster as PodIdentityNames,
            }),
        );
}

/** Nothing for the full proof, so that the input of an existing stack stays as earlier versions wrote it. */
function unlessFull(proof: Proof | undefined): Proof | undefined {
    return proof === Proof.AssumeRole || proof === Proof.Off ? proof : undefined;
}

/** Nothing, instead of an empty list, so that the input of a stack without such roles stays as earlier versions wrote it. */
function namesOrNothing(roles: readonly { readonly name: string }[]): string[] {
    const names = roles.map(({ name }) => name);
    return (names.length === 0 ? undefined : names) as string[];
}

function orElse<T>(value: pulumi.Output<T | undefined> | undefined, otherwise: T): pulumi.Output<T> {
    return value?.apply((known) => known ?? otherwise) ?? (pulumi.output(otherwise) as pulumi.Output<T>);
}
