/** Everything that a run may change in the account and in the cluster, so that two moments can be compared. */
import {
    AdmissionregistrationV1Api,
    AppsV1Api,
    CoreV1Api,
    type V1ManagedFieldsEntry,
    type V1ObjectMeta,
} from "@kubernetes/client-node";
import type { Sandbox } from "local-eks";
import { type IamState, lastIamChange } from "local-eks/iam";
import { loadKubeconfig } from "local-eks/kubernetes";
import { podRecord } from "../monitor/records";
import { associationsOf } from "./delivered";

export interface Snapshot {
    /** The last written state, whether or not it is in force yet. */
    readonly iam: IamState;
    readonly serviceAccount: ObjectSnapshot;
    readonly daemonSet: ObjectSnapshot;
    readonly templateAnnotations: Readonly<Record<string, string>>;
    readonly admissionPolicies: readonly string[];
    readonly admissionPolicyBindings: readonly string[];
    /** The ARNs of roles in the expressions of the policies. */
    readonly admittedRoles: readonly string[];
    /** The roles of the service account's Pod Identity associations. */
    readonly associations: readonly string[];
    readonly pods: readonly PodSnapshot[];
}

export interface ObjectSnapshot {
    readonly annotations: Readonly<Record<string, string>>;
    readonly managers: readonly string[];
}

export interface PodSnapshot {
    readonly name: string;
    readonly node: string;
    readonly ready: boolean;
    readonly roleArn: string | undefined;
    readonly containerCredentials: boolean;
}

const AWS_NODE = { namespace: "kube-system", name: "aws-node" };

export async function snapshot(sandbox: Sandbox): Promise<Snapshot> {
    const config = loadKubeconfig(sandbox.kubeconfigPath);
    const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
    const admission = config.makeApiClient(AdmissionregistrationV1Api);
    const [account, daemonSet, pods, policies, bindings] = await Promise.all([
        core.readNamespacedServiceAccount(AWS_NODE),
        apps.readNamespacedDaemonSet(AWS_NODE),
        core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=aws-node" }),
        admission.listValidatingAdmissionPolicy(),
        admission.listValidatingAdmissionPolicyBinding(),
    ]);
    const names = ({ items }: { items: { metadata?: V1ObjectMeta }[] }) =>
        items.map(({ metadata }) => metadata?.name ?? "").sort();
    return {
        iam: lastIamChange(sandbox).state,
        serviceAccount: objectSnapshot(account.metadata),
        daemonSet: objectSnapshot(daemonSet.metadata),
        templateAnnotations: daemonSet.spec?.template.metadata?.annotations ?? {},
        admissionPolicies: names(policies),
        admissionPolicyBindings: names(bindings),
        admittedRoles: [
            ...new Set(
                policies.items.flatMap(({ spec }) =>
                    (spec?.validations ?? []).flatMap(
                        ({ expression }) => expression.match(/arn:[^']*:role\/[^']+/g) ?? [],
                    ),
                ),
            ),
        ],
        associations: await associationsOf(sandbox),
        pods: pods.items.map(podRecord).map(({ name, node, ready, roleArn, containerCredentials = false }) => ({
            name,
            node,
            ready,
            roleArn,
            containerCredentials,
        })),
    };
}

/** The API server adds this annotation with the template's generation: k8s.io/api/apps/v1, DeprecatedTemplateGeneration. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function objectSnapshot(metadata: V1ObjectMeta | undefined): ObjectSnapshot {
    const annotations = Object.entries(metadata?.annotations ?? {}).filter(([name]) => name !== TEMPLATE_GENERATION);
    const fields: V1ManagedFieldsEntry[] = metadata?.managedFields ?? [];
    return {
        annotations: Object.fromEntries(annotations),
        managers: [...new Set(fields.map(({ manager = "" }) => manager))].sort(),
    };
}
