import { ROLE_ARN_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import { Refusal } from "../refusal";
import type { Subject } from "../subject";
import { unannotate } from "./texts";

/** https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html */
const ON_AUTO_MODE =
    "On a cluster whose nodes are all those of EKS Auto Mode, EKS runs the CNI itself: remove this component, there is nothing to do.";

/** The refusals because of the wrong cluster or account, or because the plugin or the engine lacks something. */
export const clusterRefusals = {
    clusterChanged: (recorded: string, seen: string) =>
        new Refusal(
            "cluster-changed",
            `The kubeconfig points to a cluster whose kube-system namespace has the UID ${seen}. The hand-over began on the cluster with the UID ${recorded}.`,
            "This is another cluster, or one that was recreated under the same name.",
            "Use the kubeconfig of this component's cluster (to see a cluster's UID: kubectl --kubeconfig FILE get namespace kube-system -o jsonpath='{.metadata.uid}'). " +
                "If that cluster no longer exists, set forceDestroy: true, run pulumi up, then pulumi destroy. If it was deleted and recreated under the same " +
                "name, pulumi up cannot do this: remove the component's cluster resources from the state, as docs/upgrades.md in the repository shows.",
        ),
    anotherClusterAnswers: (recorded: string, seen: string, clusterName: string | undefined) =>
        new Refusal(
            "cluster-changed",
            `The kubeconfig points to a cluster whose kube-system namespace has the UID ${seen}. The hand-over began on the cluster with the UID ${recorded}.`,
            clusterName === undefined
                ? "Without clusterName, nothing shows whether that cluster is gone. Its pods may still carry the role, so nothing was removed."
                : `EKS does not say that the cluster ${clusterName} is gone. Its pods may still carry the role, so nothing was removed.`,
            "Give the kubeconfig of that cluster, run pulumi up, then pulumi destroy: if the cluster no longer exists, no server answers there, and forceDestroy lets the role go. " +
                "If EKS only refuses to show the cluster, use credentials that may call eks:DescribeCluster. Without that kubeconfig, remove the component's cluster " +
                "resources from the state, as docs/upgrades.md in the repository shows.",
        ),
    anotherCluster: ({ serviceAccount }: Subject) =>
        new Refusal(
            "another-cluster",
            `The service account ${serviceAccount.namespace}/${serviceAccount.name} that the live checks see is not the one that the Kubernetes provider annotated.`,
            "The component's Kubernetes provider and its kubeconfig point to two different clusters.",
            "Use the kubeconfig of this component's cluster for both, and run pulumi up --refresh. If the provider annotated a different cluster, new " +
                "pods there get this role, which does not work on that cluster. If the service account there had another role, restore its annotation: run " +
                "pulumi up --refresh on the stack of the component that manages it. If it had none, remove the annotation: " +
                `kubectl --kubeconfig FILE ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
        ),
    wrongIssuer: (token: string, trusted: string) =>
        new Refusal(
            "wrong-cluster",
            `The cluster's token issuer is ${token}. The role trusts ${trusted}.`,
            "The kubeconfig points to a different cluster from the one that clusterName or oidcProviderArn names.",
            "Use the kubeconfig of the cluster whose OIDC provider the role trusts.",
        ),
    wrongAccount: (caller: string, role: string) =>
        new Refusal(
            "wrong-account",
            `The AWS credentials belong to the account ${caller}. The role is in the account ${role}.`,
            "The component reads and writes only in the role's account.",
            "Use credentials of the role's account: set the argument aws, for example aws: { profile } or aws: { roleArn }.",
        ),
    serviceAccountMissing: ({ serviceAccount, daemonSetName }: Subject) =>
        new Refusal(
            "service-account-missing",
            `There is no service account ${serviceAccount.namespace}/${serviceAccount.name}.`,
            "The Amazon VPC CNI plugin is not installed, or it uses another service account.",
            `${ON_AUTO_MODE} On other clusters install the plugin, or set serviceAccount. If it was deleted, create it again (kubectl create serviceaccount ${serviceAccount.name} -n ${serviceAccount.namespace}), and run pulumi up --refresh. To find the name: kubectl get daemonset ${daemonSetName} -n ${serviceAccount.namespace} -o jsonpath='{.spec.template.spec.serviceAccountName}'`,
        ),
    daemonSetMissing: ({ daemonSetName, serviceAccount }: Subject) =>
        new Refusal(
            "daemon-set-missing",
            `There is no DaemonSet ${serviceAccount.namespace}/${daemonSetName}.`,
            "The Amazon VPC CNI plugin is not installed, or its DaemonSet has another name.",
            `${ON_AUTO_MODE} On other clusters install the plugin, or set rollout.daemonSetName.`,
        ),
    serviceAccountNotUsed: ({ serviceAccount, daemonSetName }: Subject, used: string) =>
        new Refusal(
            "service-account-not-used",
            `The pods of the DaemonSet ${serviceAccount.namespace}/${daemonSetName} use the service account ${used}, not ${serviceAccount.name}.`,
            "They would never get the role.",
            `Set serviceAccount: { namespace: ${JSON.stringify(serviceAccount.namespace)}, name: ${JSON.stringify(used)} }, or rollout.daemonSetName to the DaemonSet that uses ${serviceAccount.name}.`,
        ),
    wrongIpFamily: (clusterName: string, ipFamily: string, given: Subject["ipFamily"]) =>
        new Refusal(
            "wrong-ip-family",
            `The IP family of the EKS cluster ${clusterName} is ${ipFamily}. The program has ipFamily ${given}.`,
            "Pods would not get the permissions that the plugin needs with this family.",
            `Set ipFamily: "${ipFamily}", and run the update again.`,
        ),
    cniTooOld: (version: string) =>
        new Refusal(
            "cni-too-old",
            `aws-node runs version ${version}.`,
            "IPv6 clusters need version 1.10.1 or later of the plugin.",
            "Update the Amazon VPC CNI plugin first.",
        ),
    clusterTooOld: (version: string, needed: string, why: string) =>
        new Refusal(
            "cluster-too-old",
            `The cluster runs Kubernetes ${version}.`,
            `${why} needs ${needed} or later.`,
            "Upgrade the cluster first. If only the injection guard needs it, remove detachFromNodeRoles until then: the node roles keep the policy, and no injection guard is needed.",
        ),
    unsafeEngine: (variable: string) =>
        new Refusal(
            "unsafe-engine-setting",
            `${variable} is set.`,
            variable === "PULUMI_SKIP_CHECKPOINTS"
                ? "The engine then saves no state during a run, so a killed run leaves no record of its steps."
                : "A second failing run then deletes roles that pods still carry.",
            `Unset ${variable} and run again.`,
        ),
};
