import * as pulumi from "@pulumi/pulumi";
import { parseOidcProviderArn } from "../../documents/arn";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import type { PlannedUpdate, UpdateSettings } from "../../handover/hooks/checkUpdate";
import { givenProperties, KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { ValidArgs } from "../arguments/validArgs";
import { knownPartOf } from "../arguments/validateArguments";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { resourceHook } from "../failures/namedHooks";
import { liveConnection } from "./liveConnection";
import { previewSeconds } from "./previewPlan";

/** The parts of the component that the hooks use. */
export interface Narrowable {
    readonly args: CniServiceAccountRoleArgs;
    readonly valid: ValidArgs;
    readonly oidcProviderArn: pulumi.Output<string>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly parent: pulumi.ComponentResource;
}

/**
 * Creates hooks that refuse an update in place of the role or its policy which would take something away from pods.
 *
 * The engine updates both before the credential guard, and the component never sees its former arguments. Only a hook gets the
 * inputs of before and after.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function refuseNarrowing(of: Narrowable): {
    readonly beforeUpdate: (kind: PlannedUpdate["kind"]) => pulumi.ResourceHook[];
} {
    return {
        beforeUpdate: (kind) => {
            const check = (update: pulumi.ResourceHookArgs) => checkBeforeUpdate(of, kind, update);
            const hook = resourceHook("refuse-narrowing", check, { onDryRun: true });
            return hook === undefined ? [] : [hook];
        },
    };
}

/** Throws if the update would take something away from pods. Shows its warnings next to the component. */
export async function checkBeforeUpdate(
    of: Narrowable,
    kind: PlannedUpdate["kind"],
    { oldInputs, newInputs, oldOutputs }: pulumi.ResourceHookArgs,
): Promise<void> {
    const { oidcProviderArn } = of;
    const known = await knownPartOf({ before: oldInputs, after: newInputs, outputs: oldOutputs, oidcProviderArn });
    // Imported on demand, because it loads the Kubernetes client.
    const { checkUpdate } = await import("../../handover/hooks/checkUpdate");
    const { warnings, refusal } = await checkUpdate(plannedUpdate(kind, known), () => settingsOf(of));
    for (const warning of warnings) {
        await pulumi.log.warn(warning, of.parent);
    }
    if (refusal !== undefined) {
        throw refusal;
    }
}

/** The update that the engine is about to make, from the properties that are known. */
export function plannedUpdate(kind: PlannedUpdate["kind"], known: KnownArgs): PlannedUpdate {
    const part = (name: string) => (known[name] ?? {}) as KnownArgs;
    return {
        kind,
        arn: textOf(part("outputs")["arn"]) ?? "",
        ownIssuer: parseOidcProviderArn(textOf(known["oidcProviderArn"]) ?? "")?.issuer,
        before: part("before"),
        after: part("after"),
    };
}

async function settingsOf({ args, valid, serviceAccount }: Narrowable): Promise<UpdateSettings> {
    const { kubeconfig, context } = liveConnection(valid);
    const parts = { kubeconfig, serviceAccount, clusterName: valid.clusterName };
    return updateSettings(await knownPartOf(parts), {
        context,
        fixedName: givenProperties(args).roleName !== undefined,
        previewSeconds: pulumi.runtime.isDryRun() ? previewSeconds() : undefined,
    });
}

/** The settings of the hooks, from the values that are known. */
export function updateSettings(
    known: KnownArgs,
    plain: {
        readonly context: string | undefined;
        readonly fixedName: boolean;
        readonly previewSeconds: number | undefined;
    },
): UpdateSettings {
    const [kubeconfig, clusterName] = [textOf(known["kubeconfig"]), textOf(known["clusterName"])];
    const { namespace, name } = (known["serviceAccount"] ?? {}) as KnownArgs;
    const accountName = textOf(name);
    const late = ["kubeconfig", "serviceAccount"].filter((name) => known[name] === NOT_YET_KNOWN);
    const unread = [
        ...late.map((name) => `${name} is not known yet`),
        ...(plain.previewSeconds === 0 ? ["EKS_CNI_PREVIEW_SECONDS is 0"] : []),
    ];
    return {
        namespace: textOf(namespace) ?? "",
        fixedName: plain.fixedName,
        ...(accountName !== undefined && { accountName }),
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(clusterName !== undefined && { clusterName }),
        ...(plain.context !== undefined && { context: plain.context }),
        ...(plain.previewSeconds !== undefined && { previewSeconds: plain.previewSeconds }),
        ...(unread.length > 0 && { unread: unread.join(", ") }),
    };
}

function textOf(value: unknown): string | undefined {
    return typeof value === "string" ? value : undefined;
}
