import type { Subject } from "../subject";

/** For a role that other clusters share. */
export const LEAVE_SHARED_ROLE =
    "Take the role out of those clusters first. Then remove their providers from additionalOidcProviderArns, and run pulumi up";

/** The arguments of kubectl that remove an annotation from the service account. */
export function unannotate({ namespace, name }: Subject["serviceAccount"], annotation: string): string {
    return `annotate serviceaccount ${name} -n ${namespace} ${annotation}-`;
}

/** In a command, if the name is not known. */
export const CLUSTER = "CLUSTER";

/** Whether EKS keeps the values that an update leaves out is not documented. */
export const KEEPS_CONFIGURATION =
    "If aws eks describe-addon shows configurationValues, pass them again with --configuration-values.";

/** Messages of AWS and Kubernetes may lack the full stop. */
export function withFullStop(text: string): string {
    return text.endsWith(".") ? text : `${text}.`;
}
