import * as pulumi from "@pulumi/pulumi";
import type { HandOverRecord } from "../../handover/model/record";
import { validateKnownPart, Gate } from "../arguments/validateArguments";
import { LATE, Settled } from "../arguments/settled";
import { IpFamily } from "../cniServiceAccountRoleArgs";
import { hasEngine } from "../failures/failureHooks";
import { fieldManager } from "../delivery/fieldManager";
import type { LivePlan } from "./liveChecks";
import { liveConnection, regionOrConfigured } from "./liveConnection";
import { KnownLate, PlainParts, previewInputs } from "./previewInputs";
import { daemonSetNameOf } from "../delivery/rollout";

/** What the live checks of a component have settled already. */
type Settings = Pick<PlainParts, "injectionGuard" | "stableSeconds" | "iamPropagationSeconds" | "maxNotReadyNodes">;

/** How much longer a preview takes at most, unless EKS_CNI_PREVIEW_SECONDS says otherwise. */
const DEFAULT_SECONDS = 15;

/** 0 where nothing is to be looked at. A setting of the run and not of the program: who may reach the cluster is not the program's. */
export function previewSeconds(setting = process.env["EKS_CNI_PREVIEW_SECONDS"]): number {
    const seconds = Number(setting ?? "");
    return setting === undefined || setting.trim() === "" || !(seconds >= 0) ? DEFAULT_SECONDS : seconds;
}

/** Whether there is somebody to tell: not at an update, which shows its progress, and not under unit-test mocks. */
function isPreview(): boolean {
    return pulumi.runtime.isDryRun() && hasEngine() && previewSeconds() > 0;
}

/**
 * Tells what the update would do, if the credential guard is about to act: a preview does not know then what it has recorded. The
 * gate passes when it is told, or when there is nothing to tell yet.
 */
export function tellBefore(plan: LivePlan, settings: Settings, record: pulumi.Output<HandOverRecord>): Gate {
    if (!isPreview()) {
        return plan.gate;
    }
    return whenKnown({ values: lateParts(plan, record) }, (known) =>
        known["record"] === LATE ? tell(plan, { ...settings, canaryActs: true }, known) : undefined,
    );
}

/** The same where the credential guard has nothing to do, and what comes after it has: a refresh has shown something to mend. */
export function tellAfter(
    plan: LivePlan,
    settings: Settings,
    record: pulumi.Output<HandOverRecord>,
    outcomes: { readonly canary: pulumi.Output<unknown>; readonly detachment: pulumi.Output<unknown> },
): Gate {
    if (!isPreview()) {
        return plan.gate;
    }
    const isKnown = (output: pulumi.Output<unknown>) => output.apply(() => true);
    const parts = { canary: isKnown(outcomes.canary), detachment: isKnown(outcomes.detachment) };
    return whenKnown({ values: lateParts(plan, record), ...parts }, (known, { canary, detachment }) =>
        known["record"] !== LATE && (canary === LATE || detachment === LATE)
            ? tell(plan, { ...settings, canaryActs: canary === LATE }, known)
            : undefined,
    );
}

function whenKnown(
    parts: { readonly values: KnownLate },
    act: (values: Settled, others: Settled) => Promise<void> | undefined,
): Gate {
    return validateKnownPart(parts, async ({ values, ...others }) => {
        await act(values as Settled, others);
        return true;
    });
}

async function tell(
    plan: LivePlan,
    settings: Settings & { readonly canaryActs: boolean },
    known: Settled,
): Promise<void> {
    // Loaded here: it brings the clients of Kubernetes and AWS.
    const { notLookedAt, previewHandOver } = await import("../../handover/preview/previewHandOver");
    const inputs = previewInputs(plainParts(plan, settings), known);
    const told = typeof inputs === "string" ? notLookedAt(inputs) : await previewHandOver(inputs, previewSeconds());
    if (told !== undefined) {
        await (told.refuses ? pulumi.log.warn(told.text, plan.parent) : pulumi.log.info(told.text, plan.parent));
    }
}

function plainParts(
    { name, args, checked, formerFieldManagers }: LivePlan,
    settings: Settings & { readonly canaryActs: boolean },
): PlainParts {
    return {
        ...settings,
        component: name,
        fieldManager: fieldManager(name),
        formerFieldManagers,
        ipFamily: args.ipFamily ?? IpFamily.Ipv4,
        context: liveConnection(checked).context,
        additionalPolicies: (args.additionalPolicyArns ?? []).length > 0,
    };
}

/** Each is known or not by itself. */
function lateParts(plan: LivePlan, record: pulumi.Output<HandOverRecord>): KnownLate {
    const { checked, role, serviceAccount, oidcProviderArn, region, delivered } = plan;
    const { kubeconfig, aws } = liveConnection(checked);
    return {
        ...{ record, serviceAccount, oidcProviderArn, delivered, kubeconfig, aws },
        roleArn: role.arn,
        additionalOidcProviderArns: checked.additionalOidcProviderArns,
        clusterName: checked.clusterName,
        daemonSetName: daemonSetNameOf(checked),
        stsRegionalEndpoints: checked.stsRegionalEndpoints,
        tokenExpirationSeconds: checked.tokenExpirationSeconds,
        detachFromNodeRoles: checked.detachFromNodeRoles,
        detachPolicyArns: checked.detachPolicyArns,
        overrideExistingServiceAccount: checked.overrideExistingServiceAccount,
        region: regionOrConfigured(region),
    };
}
