import type { V1Pod } from "@kubernetes/client-node";
import { REFUSED_A_POD } from "../../documents/injectionGuard";
import { SKIP_WEBHOOK_LABEL } from "../../documents/serviceAccountAnnotations";
import {
    CREDENTIALS_TOKEN_VARIABLE,
    CREDENTIALS_URI_VARIABLE,
    POD_IDENTITY_AUDIENCE,
} from "../../documents/podIdentity";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { isRefusal } from "../model/refusal";
import type { Subject } from "../model/subject";
import type { Admission } from "./clusterAccess";
import type { Cluster } from "./clusterClient";

/** Failures of the connection, which say nothing about admission. The run retries them. */
const TRANSIENT = ["cluster-unreachable", "cluster-throttled"];

/**
 * Tests whether the injection guard admits a pod with this role, or without a role, by a dry run: the API server runs every admission step and
 * creates nothing (https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run). Each test opens a connection of its own, as every request of the
 * client does: EKS balances connections over several API servers, and one that is kept would ask the same server again.
 *
 * Its user may lack the right to create pods, and another admission policy may refuse the pod. Then the result is unknown.
 */
export async function testAdmission(
    cluster: Cluster,
    subject: Subject,
    roleArn: string | undefined,
): Promise<Admission> {
    const { namespace } = subject.serviceAccount;
    try {
        await cluster.call(
            { verb: "create", resource: "pods", namespace },
            cluster.core.createNamespacedPod({ namespace, body: testPod(subject, roleArn), dryRun: "All" }),
        );
        return { verdict: "admitted" };
    } catch (error) {
        if (!isRefusal(error) || TRANSIENT.includes(error.code)) {
            throw error;
        }
        const { seen: why } = error;
        if (why.includes(`'${subject.injectionGuardName}'`)) {
            return { verdict: "refused" };
        }
        const [, anotherGuard] = BY_AN_INJECTION_GUARD.exec(why) ?? [];
        return { verdict: "unknown", why, ...(anotherGuard !== undefined && { anotherGuard }) };
    }
}

/**
 * The API server's message, with the beginning of an injection guard's own (documents/injectionGuard.ts).
 *
 * Source: apiserver, pkg/admission/plugin/policy/validating/dispatcher.go, Dispatch (deniedDecision)
 */
const BY_AN_INJECTION_GUARD = new RegExp(
    `ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ${REFUSED_A_POD}`,
);

const MOUNT_PATH = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

/** A pod as the webhook would change it, or would miss it. The label keeps the webhook from giving it the role that is annotated now. */
function testPod({ serviceAccount, delivery }: Subject, roleArn: string | undefined): V1Pod {
    const container = { name: "dry-run", image: "public.ecr.aws/eks-distro/kubernetes/pause:3.10" };
    return {
        metadata: { generateName: "eks-cni-dry-run-", labels: { [SKIP_WEBHOOK_LABEL]: "true" } },
        spec: {
            serviceAccountName: serviceAccount.name,
            ...(roleArn === undefined
                ? { containers: [container] }
                : delivery === "podIdentity"
                  ? withAssociation(container)
                  : withRole(container, roleArn)),
        },
    };
}

/** A pod with an association does not show its role. */
function withAssociation(container: { readonly name: string; readonly image: string }) {
    return {
        containers: [
            {
                ...container,
                env: [
                    { name: CREDENTIALS_URI_VARIABLE, value: "http://169.254.170.23/v1/credentials" },
                    { name: CREDENTIALS_TOKEN_VARIABLE, value: `${ASSOCIATION_PATH}/token` },
                ],
                volumeMounts: [{ name: "eks-pod-identity-token", mountPath: ASSOCIATION_PATH, readOnly: true }],
            },
        ],
        volumes: [
            {
                name: "eks-pod-identity-token",
                projected: { sources: [{ serviceAccountToken: { audience: POD_IDENTITY_AUDIENCE, path: "token" } }] },
            },
        ],
    };
}

const ASSOCIATION_PATH = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";

function withRole(container: { readonly name: string; readonly image: string }, roleArn: string) {
    return {
        containers: [
            {
                ...container,
                env: [
                    { name: "AWS_ROLE_ARN", value: roleArn },
                    { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${MOUNT_PATH}/token` },
                ],
                volumeMounts: [{ name: "aws-iam-token", mountPath: MOUNT_PATH, readOnly: true }],
            },
        ],
        volumes: [
            {
                name: "aws-iam-token",
                projected: { sources: [{ serviceAccountToken: { audience: TOKEN_AUDIENCE, path: "token" } }] },
            },
        ],
    };
}
