import { strictEqual } from "assert";
import {
    associationAdvice,
    roleAdvice,
    rolloutAdvice,
    serviceAccountAdvice,
} from "../../../../components/failures/failureAdvice";

const UNRELATED = [
    "creating IAM Role (cni): operation error IAM: CreateRole, https response error StatusCode: 403, api error AccessDenied",
    "the Kubernetes API server is unreachable",
];
const ROLE_EXISTS =
    "creating IAM Role (cni): operation error IAM: CreateRole, https response error StatusCode: 409, RequestID: 1, " +
    "EntityAlreadyExists: Role with name cni already exists.";
const CONFLICT =
    'Server-Side Apply field conflict detected. Apply failed with 1 conflict: conflict with "kubectl-annotate" using v1: ' +
    ".metadata.annotations.eks.amazonaws.com/role-arn";
/** As the Kubernetes provider writes it since July 2026, at the latest. */
const CONFLICT_OF_2026 =
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/ for troubleshooting help\n" +
    'The resource managed by field manager "eks-cni/network/production/cni" had an apply conflict: Apply failed with 1 conflict: ' +
    'conflict with "kubectl-edit" using v1: .metadata.annotations.eks.amazonaws.com/role-arn';
const CONFLICTS =
    'Apply failed with 2 conflicts: conflicts with "helm" using v1:\n- .metadata.annotations.a\n- .metadata.annotations.b';
const OTHER_COMPONENT =
    'Apply failed with 1 conflict: conflict with "eks-cni/network/production/cni" using v1: .metadata.annotations.x';
const TIMED_OUT =
    "resource kube-system/aws-node was successfully created, but the Kubernetes API server reported that it failed to fully " +
    "initialize or become live: 'aws-node' timed out waiting to be Ready";

const NO_DAEMON_SET =
    'resource "urn" was not successfully created by the Kubernetes API server: DaemonSet.apps "aws-node" is invalid: ' +
    "[spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, " +
    "spec.template.spec.containers: Required value]";

const OMIT_IT =
    "or omit it for a generated one. To use another owner's role, pass its ARN as existingRoleArn. If it is this component's own role: " +
    "with a new rolePath, it needs another name, too, since it is created before the old one is deleted; with --replace, run the update " +
    "without this option.";

const PATCHED = { name: "cni", namespace: "network" };

describe("the advice on a failed role", () => {
    it("says what to do about a name that is taken", () => {
        strictEqual(
            roleAdvice(["first try: throttled", ROLE_EXISTS], PATCHED),
            `A role with this name already exists. Nothing was changed. Choose a roleName other than cni, ${OMIT_IT}`,
        );
        strictEqual(
            roleAdvice(["EntityAlreadyExists"], PATCHED),
            `A role with this name already exists. Nothing was changed. Choose another roleName, ${OMIT_IT}`,
        );
    });

    it("leaves every other failure to the provider's own words", () => {
        strictEqual(roleAdvice(UNRELATED, PATCHED), undefined);
        strictEqual(roleAdvice([], PATCHED), undefined);
    });
});

describe("the advice on a failed association", () => {
    it("says how to finish a destroy that was interrupted, and leaves every other failure to the provider's own words", () => {
        const taken =
            "creating EKS Pod Identity Association: operation error EKS: CreatePodIdentityAssociation, ResourceInUseException: x";
        strictEqual(associationAdvice([taken], {})?.includes("which this component did not create"), true);
        strictEqual(associationAdvice(UNRELATED, {}), undefined);
        const noCluster = "CreatePodIdentityAssociation, ResourceNotFoundException: No cluster found for name: prod.";
        strictEqual(associationAdvice([noCluster], {}), undefined);
    });

    it("names the refresh that finds out that the association is gone", () => {
        const gone =
            "updating EKS Pod Identity Association (a-1): operation error EKS: UpdatePodIdentityAssociation, https response error StatusCode: 404, ResourceNotFoundException: x";
        strictEqual(associationAdvice([gone], {})?.includes("Run pulumi up --refresh"), true);
    });
});

describe("the advice on a failed annotation", () => {
    for (const [manager, failure] of [
        ["kubectl-annotate", CONFLICT],
        ["kubectl-edit", CONFLICT_OF_2026],
        ["helm", CONFLICTS],
    ] as const) {
        it(`names the owner ${manager} and the option that takes over`, () => {
            strictEqual(
                serviceAccountAdvice(["connection refused", failure], PATCHED),
                `The field manager "${manager}" owns the annotation of this service account. Set overrideExistingServiceAccount: true to take ` +
                    "it over. Or, if the node roles hold the CNI policy, remove the annotation first. To see its current value: kubectl " +
                    "get serviceaccount cni -n network -o yaml --show-managed-fields",
            );
        });
    }

    it("names the delivery for the managed add-on, and the output that does not wait for the add-on", () => {
        strictEqual(
            serviceAccountAdvice([CONFLICT.replace("kubectl-annotate", "eks")], PATCHED),
            'The field manager "eks" owns the annotation of this service account. The managed add-on vpc-cni writes it again with each update, so do ' +
                'not override it. Use delivery: "eksAddon", which needs the live checks. Without them, use delivery: "external", and set the output ' +
                "provedRoleArn as the add-on's serviceAccountRoleArn.",
        );
    });

    it("does not offer to take over from another component, but names it", () => {
        strictEqual(
            serviceAccountAdvice([OTHER_COMPONENT], PATCHED),
            "Another CniServiceAccountRole annotates this service account: eks-cni/network/production/cni (project, stack and " +
                "name). First remove that component from its program, and run pulumi up on its stack (without live checks, first move " +
                "its pods off its role: docs/import-and-migration.md in the repository, Removing the component). If it is this " +
                "component under its former name, change the name back, run pulumi up, then rename it with an alias.",
        );
    });

    it("takes a manager for another component only by the beginning of its name", () => {
        const foreign = CONFLICT.replace("kubectl-annotate", "not-eks-cni/x");
        strictEqual(
            serviceAccountAdvice([foreign], PATCHED)?.startsWith('The field manager "not-eks-cni/x" owns'),
            true,
        );
    });

    it("leaves every other failure to the provider's own words", () => {
        strictEqual(serviceAccountAdvice(UNRELATED, PATCHED), undefined);
        strictEqual(serviceAccountAdvice([TIMED_OUT], PATCHED), undefined);
        strictEqual(serviceAccountAdvice([], PATCHED), undefined);
    });
});

describe("the advice on a failed rollout", () => {
    it("names the owner of the rollout annotation", () => {
        strictEqual(
            rolloutAdvice([CONFLICT], PATCHED),
            'The field manager "kubectl-annotate" owns the rollout annotation of this DaemonSet: another component restarts it. ' +
                "Set rollout: { enabled: false } on the component whose service account the DaemonSet does not use.",
        );
    });

    it("says that the DaemonSet is missing, which the API server does not", () => {
        strictEqual(
            rolloutAdvice(["connection refused", NO_DAEMON_SET], PATCHED),
            'The namespace network has no DaemonSet "aws-node". Install the Amazon VPC CNI plugin first, or set ' +
                "rollout.daemonSetName. The service account is already annotated (and was created if it did not exist).",
        );
    });

    for (const failure of [TIMED_OUT, "Timeout occurred for 'aws-node'", "request time out", "TIMED OUT", "timedout"]) {
        it(`says how to go on after a time limit: ${failure.slice(-40)}`, () => {
            strictEqual(
                rolloutAdvice(["connection refused", failure], PATCHED),
                "The service account is annotated, and the rolling update continues in the cluster. To see which pods delay it, and " +
                    "why: kubectl get pods -n network -l k8s-app=aws-node -o wide, then kubectl describe pod POD -n network. Then run " +
                    "the update again: it waits for the rest. On a large cluster, raise rollout.timeoutSeconds.",
            );
        });
    }

    it("leaves every other failure to the provider's own words", () => {
        strictEqual(rolloutAdvice(UNRELATED, PATCHED), undefined);
        strictEqual(rolloutAdvice(["timely output"], PATCHED), undefined);
        strictEqual(
            rolloutAdvice(['DaemonSet.apps "aws-node" is invalid: metadata.name: Invalid value'], PATCHED),
            undefined,
        );
        strictEqual(rolloutAdvice([], PATCHED), undefined);
    });
});
