import * as pulumi from "@pulumi/pulumi";
import type { FormerDetachment, LeftBehind } from "../../handover/model/formerDetachment";
import type { HandOverRecord } from "../../handover/model/record";
import type { FormerHandOver } from "../../handover/model/formerHandOver";
import { DEFAULT_TIMEOUTS } from "../arguments/defaults";
import { givenProperties, KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { Gate, validateKnownPart } from "../arguments/validateArguments";
import { IpFamily } from "../cniServiceAccountRoleArgs";
import { fieldManager } from "../delivery/fieldManager";
import { daemonSetNameOf } from "../delivery/rollout";
import { hasEngine } from "../failures/namedHooks";
import { otherDeliveryOf } from "./handOverSubject";
import { liveConnection, regionOrConfigured } from "./liveConnection";
import { LiveContext, liveSettings } from "./liveContext";
import { isInPlugin } from "./liveResources";
import { KnownLate, PlainParts, previewInputs } from "./previewInputs";

/** By how many seconds the plan may delay a preview. EKS_CNI_PREVIEW_SECONDS sets another limit. */
const DEFAULT_SECONDS = 15;

/**
 * The limit in seconds, or 0 to skip the plan.
 *
 * It is an environment variable of the run, not an argument, because not every user of the program has access to the cluster.
 */
export function previewSeconds(setting = process.env["EKS_CNI_PREVIEW_SECONDS"]): number {
    const seconds = Number(setting ?? "");
    return setting === undefined || setting.trim() === "" || !(seconds >= 0) ? DEFAULT_SECONDS : seconds;
}

/** Only in previews: an update shows its progress instead, and unit-test mocks have no engine. */
export function showsPlan(): boolean {
    return pulumi.runtime.isDryRun() && hasEngine() && previewSeconds() > 0;
}

/**
 * Shows the plan if the credential guard will act, in which case the preview does not know the record. The gate passes when the
 * plan is shown, or if there is no plan to show yet.
 */
export function showPlanBeforeGuard(
    live: LiveContext,
    record: pulumi.Output<HandOverRecord>,
    former: () => FormerHandOver | undefined = () => undefined,
): Gate {
    if (!showsPlan()) {
        return live.gate;
    }
    return whenKnown({ values: lateParts(live, record) }, (known) =>
        known["record"] === NOT_YET_KNOWN ? showPlan(live, known, true, { former: former() }) : undefined,
    );
}

/** The outputs of the checks after the credential guard. A preview knows them only if the checks will not act. */
export interface Outcomes {
    readonly canary: pulumi.Output<unknown>;
    readonly detachment: pulumi.Output<unknown>;
    readonly left: { readonly [K in keyof LeftBehind]: pulumi.Output<LeftBehind[K]> };
}

/**
 * Shows the plan if only the checks after the credential guard will act, to repair drift that a refresh found. If no check will act,
 * it shows how the cluster differs from what the last update left, because the update itself will not look.
 */
export function showPlanAfterGuard(
    live: LiveContext,
    record: pulumi.Output<HandOverRecord>,
    { canary, detachment, left }: Outcomes,
    former: () => FormerDetachment | undefined = () => undefined,
): Gate {
    if (!showsPlan()) {
        return live.gate;
    }
    const isKnown = (output: pulumi.Output<unknown>) => output.apply(() => true);
    const acting = { canary: isKnown(canary), detachment: isKnown(detachment) };
    return whenKnown({ values: lateParts(live, record), acting, left }, (known, others) => {
        const acts = others["acting"] as KnownArgs;
        if (known["record"] === NOT_YET_KNOWN) {
            return undefined;
        }
        return acts["canary"] === NOT_YET_KNOWN || acts["detachment"] === NOT_YET_KNOWN
            ? showPlan(live, known, acts["canary"] === NOT_YET_KNOWN, { formerDetachment: former() })
            : showDrift(live, known, others["left"] as LeftBehind);
    });
}

function whenKnown(
    parts: Readonly<Record<string, unknown>> & { readonly values: KnownLate },
    act: (values: KnownArgs, others: KnownArgs) => Promise<void> | undefined,
): Gate {
    return validateKnownPart(parts, async ({ values, ...others }) => {
        await act(values as KnownArgs, others);
        return true;
    });
}

async function showPlan(
    live: LiveContext,
    known: KnownArgs,
    canaryActs: boolean,
    before: {
        readonly former?: FormerHandOver | undefined;
        readonly formerDetachment?: FormerDetachment | undefined;
    },
): Promise<void> {
    // Imported on demand, because it loads the Kubernetes and AWS clients.
    const { planUnavailable, previewHandOver } = await import("../../handover/preview/previewHandOver");
    const inputs = previewInputs(plainParts(live, canaryActs), known);
    const message =
        typeof inputs === "string"
            ? planUnavailable(inputs)
            : await previewHandOver({ ...inputs, ...givenProperties(before) }, previewSeconds());
    const { warn, info } = pulumi.log;
    await (message.refuses ? warn(message.text, live.parent) : info(message.text, live.parent));
}

async function showDrift(live: LiveContext, known: KnownArgs, left: LeftBehind): Promise<void> {
    const { previewDrift } = await import("../../handover/preview/previewDrift");
    const inputs = previewInputs(plainParts(live, false), known);
    const drift = typeof inputs === "string" ? undefined : await previewDrift(inputs, left, previewSeconds());
    if (drift !== undefined) {
        await pulumi.log.warn(drift, live.parent);
    }
}

function plainParts(live: LiveContext, canaryActs: boolean): PlainParts {
    const { name, args, valid, formerFieldManagers } = live;
    return {
        ...liveSettings(live),
        canaryActs,
        component: name,
        fieldManager: fieldManager(name),
        formerFieldManagers,
        ipFamily: args.ipFamily ?? IpFamily.Ipv4,
        context: liveConnection(valid).context,
        additionalPolicies: (args.additionalPolicyArns ?? []).length > 0,
        delivery: otherDeliveryOf(args),
        deliverySeconds: args.timeouts?.deliverySeconds ?? DEFAULT_TIMEOUTS.deliverySeconds,
        inPlugin: isInPlugin(),
    };
}

/** The values that a preview may not know, as separate Outputs. */
function lateParts(live: LiveContext, record: pulumi.Output<HandOverRecord>): KnownLate {
    const { valid, role, serviceAccount, oidcProviderArn, podIdentity, region } = live;
    const { kubeconfig, aws } = liveConnection(valid);
    return {
        record,
        serviceAccount,
        oidcProviderArn,
        podIdentity,
        kubeconfig,
        aws,
        roleArn: role.arn,
        additionalOidcProviderArns: valid.additionalOidcProviderArns,
        clusterName: valid.clusterName,
        daemonSetName: daemonSetNameOf(valid),
        stsRegionalEndpoints: valid.stsRegionalEndpoints,
        tokenExpirationSeconds: valid.tokenExpirationSeconds,
        detachFromNodeRoles: valid.detachFromNodeRoles,
        ownNodeRoles: live.ownNodeRoles,
        handedOverClusterArns: valid.handedOverClusterArns,
        regions: valid.regions,
        overrideExistingServiceAccount: valid.overrideExistingServiceAccount,
        region: regionOrConfigured(region),
    };
}
