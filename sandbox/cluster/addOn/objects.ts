import type { V1Container, V1DaemonSet } from "@kubernetes/client-node";
import type { Installation } from "../../aws/eks/addOns/installer";
import type { Manifest, Plain } from "../manifests/plain";

/** https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html */
export const roleAnnotation = "eks.amazonaws.com/role-arn";

/** An annotation of the pod template, whose change restarts the pods. How EKS restarts them is not documented. */
export const restartAnnotation = "eks.amazonaws.com/restartedAt";

/**
 * The tag of the images of a version. The first build of a version is the self-managed aws-node of that version, so that an add-on that
 * takes it over does not restart its pods.
 */
export function imageTag(version: string): string {
    return version.replace(/-eksbuild\.1$/, "");
}

/** The objects of the add-on vpc-cni: those of the self-managed aws-node, with the values of the add-on. */
export function addOnObjects(selfManaged: readonly Manifest[], installation: Installation): Manifest[] {
    return selfManaged.map((object) => {
        const labelled = withMetadata(object, "labels", {
            "app.kubernetes.io/version": imageTag(installation.version),
        });
        switch (object.kind) {
            case "ServiceAccount":
                return installation.roleArn === undefined
                    ? labelled
                    : withMetadata(labelled, "annotations", { [roleAnnotation]: installation.roleArn });
            case "DaemonSet":
                return daemonSet(labelled, installation);
            default:
                return labelled;
        }
    });
}

function withMetadata(object: Manifest, of: "labels" | "annotations", added: Record<string, string>): Manifest {
    return { ...object, metadata: { ...object.metadata, [of]: { ...object.metadata?.[of], ...added } } };
}

function daemonSet(object: Plain<V1DaemonSet>, { version, env, restartedAt }: Installation): Manifest {
    const template = object.spec?.template;
    const tag = imageTag(version);
    const annotations = restartedAt === undefined ? {} : { annotations: { [restartAnnotation]: restartedAt } };
    return {
        ...object,
        spec: {
            ...object.spec,
            template: {
                ...template,
                metadata: { ...template?.metadata, ...annotations },
                spec: {
                    ...template?.spec,
                    initContainers: template?.spec?.initContainers?.map((container) => withTag(container, tag)),
                    containers: template?.spec?.containers.map((container) =>
                        container.name === "aws-node"
                            ? withEnv(withTag(container, tag), { VPC_CNI_VERSION: tag, ...env })
                            : container,
                    ),
                },
            },
        },
    } as Manifest;
}

function withTag(container: Plain<V1Container>, tag: string): Plain<V1Container> {
    return { ...container, image: container.image?.replace(/:[^:]*$/, `:${tag}`) };
}

function withEnv(container: Plain<V1Container>, values: Readonly<Record<string, string>>): Plain<V1Container> {
    const { env = [] } = container;
    const added = Object.keys(values).filter((name) => !env.some((entry) => entry.name === name));
    const changed = env.map((entry) => {
        const value = values[entry.name];
        return value === undefined ? entry : { name: entry.name, value };
    });
    return { ...container, env: [...changed, ...added.map((name) => ({ name, value: values[name] }))] };
}
