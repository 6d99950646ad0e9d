/**
 * The field manager of EKS's managed add-ons.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html
 */
export const ADD_ON_MANAGER = "eks";

/** Owns the annotations that the component found on the service account and leaves there. */
export const LEAVING_MANAGER = "eks-cni-hand-back";

/** Owns the annotation of the pod template that excludes its containers from the webhook, on the way back from Pod Identity. */
export const SKIPPING_MANAGER = "eks-cni-skip-containers";
