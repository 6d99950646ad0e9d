/** Who delivers the role to the service account: the owners of its annotation, its association, and the managed add-on as EKS describes it. */
import {
    type Addon,
    DescribeAddonCommand,
    DescribePodIdentityAssociationCommand,
    EKSClient,
    ListPodIdentityAssociationsCommand,
    ResourceNotFoundException,
} from "@aws-sdk/client-eks";
import { CoreV1Api } from "@kubernetes/client-node";
import type { Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";

export const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";

export interface Delivered {
    readonly roleArn: string | undefined;
    /** The field managers that own the annotation, with their operations: `eks Apply`. */
    readonly owners: readonly string[];
}

/** A client with the operator's credentials. */
function eksClient({ awsEndpoint: endpoint, region }: Sandbox): EKSClient {
    return new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
}

/** The managed add-on vpc-cni. Undefined if the cluster has none. */
export async function addOnOf(sandbox: Sandbox): Promise<Addon | undefined> {
    const { clusterName } = sandbox;
    try {
        return (await eksClient(sandbox).send(new DescribeAddonCommand({ clusterName, addonName: "vpc-cni" }))).addon;
    } catch (error) {
        if (error instanceof ResourceNotFoundException) {
            return undefined;
        }
        throw error;
    }
}

/** The roles of the service account's Pod Identity associations. */
export async function associationsOf(sandbox: Sandbox): Promise<string[]> {
    const { clusterName } = sandbox;
    const eks = eksClient(sandbox);
    const of = { clusterName, namespace: "kube-system", serviceAccount: "aws-node" };
    const { associations = [] } = await eks.send(new ListPodIdentityAssociationsCommand(of));
    const described = associations.map(({ associationId }) =>
        eks.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId })),
    );
    return (await Promise.all(described)).map(({ association }) => association?.roleArn ?? "");
}

export async function deliveredIn({ kubeconfigPath }: Sandbox): Promise<Delivered> {
    const core = loadKubeconfig(kubeconfigPath).makeApiClient(CoreV1Api);
    const { metadata } = await core.readNamespacedServiceAccount({ namespace: "kube-system", name: "aws-node" });
    return {
        roleArn: metadata?.annotations?.[ROLE_ANNOTATION],
        owners: (metadata?.managedFields ?? [])
            .filter(({ fieldsV1 }) => annotationsIn(fieldsV1 as object | undefined)[`f:${ROLE_ANNOTATION}`])
            .map(({ manager = "", operation = "" }) => `${manager} ${operation}`)
            .sort(),
    };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (FieldsV1) */
function annotationsIn(fields: object | undefined): Readonly<Record<string, unknown>> {
    const { "f:metadata": metadata } = (fields ?? {}) as { readonly "f:metadata"?: FieldsOfMetadata };
    return metadata?.["f:annotations"] ?? {};
}

interface FieldsOfMetadata {
    readonly "f:annotations"?: Readonly<Record<string, unknown>>;
}
