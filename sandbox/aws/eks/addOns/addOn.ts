/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html (status) */
export type AddOnStatus =
    "ACTIVE" | "CREATE_FAILED" | "CREATING" | "DEGRADED" | "DELETE_FAILED" | "DELETING" | "UPDATE_FAILED" | "UPDATING";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonIssue.html */
export interface AddOnIssue {
    readonly code: AddOnIssueCode;
    readonly message: string;
    readonly resourceIds?: readonly string[];
}

export type AddOnIssueCode =
    | "AccessDenied"
    | "AddonPermissionFailure"
    | "AddonSubscriptionNeeded"
    | "AdmissionRequestDenied"
    | "ClusterUnreachable"
    | "ConfigurationConflict"
    | "InsufficientNumberOfReplicas"
    | "InternalFailure"
    | "K8sResourceNotFound"
    | "UnsupportedAddonModification";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html */
export interface AddOn {
    readonly addonName: string;
    readonly clusterName: string;
    readonly status: AddOnStatus;
    readonly addonVersion: string;
    readonly health: { readonly issues: readonly AddOnIssue[] };
    readonly addonArn: string;
    readonly createdAt: number;
    readonly modifiedAt: number;
    readonly serviceAccountRoleArn?: string | undefined;
    readonly configurationValues?: string | undefined;
    /** ARNs of the associations that belong to the add-on. */
    readonly podIdentityAssociations: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
}

/** The add-on that this sandbox installs. Any other one is an entry in EKS's answers. */
export const vpcCni = "vpc-cni";
export const podIdentityAgentAddOn = "eks-pod-identity-agent";

/** The namespace of its objects, and of the service accounts of its associations. */
export const addOnNamespace = "kube-system";

/** Wording: https://github.com/aws-ia/terraform-aws-eks-blueprints-addons/issues/335 */
export const insufficientReplicas: AddOnIssue = {
    code: "InsufficientNumberOfReplicas",
    message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
};
