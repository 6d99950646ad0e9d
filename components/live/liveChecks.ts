import * as pulumi from "@pulumi/pulumi";
import { ServiceAccountName } from "../../documents/trustPolicy";
import type { HandOverRecord } from "../../handover/model/record";
import type { LiveInputs } from "../../handover/run/liveResource";
import type { Timeouts } from "../../handover/model/subject";
import { DEFAULT_IAM_PROPAGATION_SECONDS, DEFAULT_STABLE_SECONDS, DEFAULT_TIMEOUTS } from "../arguments/defaults";
import { argumentsError } from "../arguments/problem";
import { Gate } from "../arguments/validateArguments";
import { withoutNothing } from "../arguments/settled";
import { after, ValidArgs, resourcesAfter } from "../arguments/validArgs";
import { Proof } from "../cniLiveArgs";
import { CniRole } from "../role/cniRole";
import { CniServiceAccountRoleArgs, Delivery, IpFamily } from "../cniServiceAccountRoleArgs";
import { fieldManager } from "../delivery/fieldManager";
import { handOverSubject } from "./handOverSubject";
import { guardInjection, injectionGuardName } from "./injectionGuardResources";
import { autonamingProblems, stackAutonaming } from "./autonaming";
import { connectionProblems, liveConnection, regionOrConfigured } from "./liveConnection";
import { Canary, CredentialGuard, Detachment, Inputs } from "./liveResources";
import { tellAfter, tellBefore } from "./previewPlan";
import { daemonSetNameOf } from "../delivery/rollout";

/** Whether each step is proved on the live cluster before the next one: where nothing reaches a pod, there is nothing to prove. */
export function isLive(args: CniServiceAccountRoleArgs): boolean {
    return args.liveChecks !== false && args.delivery !== Delivery.External && args.rollout?.enabled !== false;
}

/** What the live checks are about. */
export interface LivePlan {
    readonly name: string;
    readonly args: CniServiceAccountRoleArgs;
    readonly checked: ValidArgs;
    readonly gate: Gate;
    readonly role: CniRole;
    readonly annotations: pulumi.Output<Record<string, string>>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly oidcProviderArn: pulumi.Output<string>;
    readonly region: pulumi.Output<string>;
    readonly delivered: pulumi.Output<string>;
    /** Under which the component may have begun, before it was renamed. */
    readonly formerFieldManagers: readonly string[];
    readonly parent: pulumi.ComponentResource;
}

/** The live checks, in the order in which they go around the resources of the plain shape. */
export interface LiveChecks {
    /** What comes after the credential guard waits for it: in a preview until the plan is told, since what comes then may fail. */
    readonly planned: () => Gate;
    /** Before anything on the cluster moves. */
    readonly credentialGuard: (before: pulumi.CustomResource[]) => pulumi.CustomResource;
    /** When the service account is annotated. */
    readonly canary: (before: pulumi.CustomResource[], annotated: pulumi.Output<string>) => Canary;
    /** When the pods have restarted. */
    readonly detachment: (before: pulumi.CustomResource[]) => Detached;
}

export interface Detached {
    readonly resources: pulumi.CustomResource[];
    readonly verifiedPods: pulumi.Output<number>;
    readonly detachedFrom: pulumi.Output<string[]>;
    readonly remainingSteps: pulumi.Output<string[]>;
}

/**
 * Refuses a stack in which the live checks would look at another cluster or account than the component's own resources, or in
 * which the engine would not keep to their order.
 */
export function refuseUnfitStack(
    component: pulumi.ComponentResource,
    name: string,
    args: CniServiceAccountRoleArgs,
): void {
    const makesRole = withoutNothing(args).existingRoleArn === undefined;
    const problems = [
        ...connectionProblems(component, args),
        ...(makesRole ? autonamingProblems(stackAutonaming()) : []),
    ];
    if (problems.length > 0) {
        throw argumentsError(name, problems);
    }
}

/** Makes the live checks of one component. */
export function liveChecks(plan: LivePlan): LiveChecks {
    const { name, args, checked, gate, role, delivered, parent } = plan;
    const common = commonInputs(plan);
    const injectionGuard = checked.detachFromNodeRoles !== undefined && args.injectionGuard !== false;
    const { stableSeconds = DEFAULT_STABLE_SECONDS, maxNotReadyNodes = 0 } = args;
    const { iamPropagationSeconds = DEFAULT_IAM_PROPAGATION_SECONDS } = args;
    const settings = { injectionGuard, stableSeconds, iamPropagationSeconds, maxNotReadyNodes };
    let guard: CredentialGuard | undefined;
    let shown: pulumi.Output<string> = pulumi.output("");
    let planned = gate;
    const options = (before: pulumi.CustomResource[]) => ({ parent, dependsOn: resourcesAfter(planned, [...before]) });
    const recorded = () => ({
        // A preview does not know it, and neither do mocks.
        record: guard?.record ?? pulumi.output({} as HandOverRecord),
        approvedRole: guard?.approvedRole ?? pulumi.output(""),
    });
    return {
        planned: () => planned,
        credentialGuard: (before) => {
            guard = new CredentialGuard(
                `${name}-credential-guard`,
                {
                    ...common,
                    proof: args.proof ?? Proof.Full,
                    overrideExistingServiceAccount: orElse(checked.overrideExistingServiceAccount, false),
                    detachFromNodeRoles: checked.detachFromNodeRoles ?? [],
                    detachPolicyArns: checked.detachPolicyArns ?? [],
                    injectionGuard,
                    policyArns: role.policyArns,
                    additionalPolicies: (args.additionalPolicyArns ?? []).length > 0,
                    roleUniqueId: role.uniqueId ?? "",
                },
                options(before),
            );
            planned = tellBefore(plan, settings, guard.record);
            return guard;
        },
        canary: (before, annotated) => {
            const canary = new Canary(
                `${name}-canary`,
                {
                    ...common,
                    ...recorded(),
                    formerAnnotations: guard?.formerAnnotations ?? {},
                    serviceAccountUid: annotated,
                    stableSeconds,
                    delivered,
                },
                options(before),
            );
            shown = canary.shown;
            return canary;
        },
        detachment: (before) => {
            const guards = injectionGuard
                ? guardInjection(
                      name,
                      {
                          guardName: recorded().record.apply((record) => nameOf(record, name)),
                          serviceAccount: plan.serviceAccount,
                          roleArn: role.arn,
                      },
                      options(before),
                  )
                : [];
            const last = new Detachment(
                `${name}-detachment`,
                {
                    ...common,
                    ...recorded(),
                    delivered,
                    injectionGuard,
                    ...(checked.keepDetached === undefined
                        ? {}
                        : { keepDetached: orElse(checked.keepDetached, false) }),
                    ...(checked.detachFromNodeRoles === undefined
                        ? {}
                        : { detachFromNodeRoles: checked.detachFromNodeRoles }),
                    ...(checked.detachPolicyArns === undefined ? {} : { detachPolicyArns: checked.detachPolicyArns }),
                    ...{ stableSeconds, maxNotReadyNodes },
                },
                options([...before, ...guards]),
            );
            const outcomes = { canary: shown, detachment: last.verifiedPods };
            const told = tellAfter(plan, settings, recorded().record, outcomes);
            return {
                resources: [...guards, last],
                verifiedPods: after(told, orElse(last.verifiedPods, 0)),
                detachedFrom: orElse(last.detachedFrom, []),
                remainingSteps: orElse(last.remainingSteps, []),
            };
        },
    };
}

function commonInputs(plan: LivePlan): Inputs<LiveInputs> {
    const { args, checked, region } = plan;
    const connection = liveConnection(checked);
    return {
        subject: subject(plan),
        timeouts: timeoutsOf(args),
        iamPropagationSeconds: args.iamPropagationSeconds ?? DEFAULT_IAM_PROPAGATION_SECONDS,
        ...(connection.kubeconfig === undefined ? {} : { kubeconfig: connection.kubeconfig }),
        ...(connection.context === undefined ? {} : { context: connection.context }),
        ...(connection.aws === undefined ? {} : { aws: connection.aws }),
        region: regionOrConfigured(region),
        forceDestroy: orElse(checked.forceDestroy, false),
        drift: "none",
    };
}

function timeoutsOf({ timeouts }: CniServiceAccountRoleArgs): Timeouts {
    return { ...DEFAULT_TIMEOUTS, ...withoutNothing(timeouts ?? {}) };
}

function subject({ name, args, checked, role, annotations, serviceAccount, oidcProviderArn }: LivePlan) {
    const manager = fieldManager(name);
    return pulumi
        .all([
            role.arn,
            annotations,
            serviceAccount,
            oidcProviderArn,
            checked.additionalOidcProviderArns ?? [],
            checked.clusterName ?? "",
            daemonSetNameOf(checked),
        ])
        .apply(([roleArn, delivered, account, provider, others, clusterName, daemonSetName]) =>
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
            }),
        );
}

/** The name that the guard began with: a renamed component goes on with it. */
function nameOf(record: Partial<HandOverRecord> | undefined, component: string): string {
    return record?.injectionGuardName ?? injectionGuardName(fieldManager(component));
}

function orElse<T>(value: pulumi.Output<T | undefined> | undefined, otherwise: T): pulumi.Output<T> {
    return value?.apply((known) => known ?? otherwise) ?? (pulumi.output(otherwise) as pulumi.Output<T>);
}
