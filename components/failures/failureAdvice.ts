/**
 * Advice for a failure that a provider reports. The provider says what went wrong; the advice says which argument fixes it. The
 * function gets the messages of the failed attempts, and returns undefined if the provider's message is enough.
 */
export type Advice = (failures: readonly string[], patched: Patched) => string | undefined;

/** The Kubernetes object that the child changes. Empty for other children. */
export interface Patched {
    readonly name?: string;
    readonly namespace?: string;
}

/** For the role: the name is taken, by the component's own old role or by another owner's. */
export const roleAdvice: Advice = (failures) => {
    const taken = failures.find((failure) => failure.includes("EntityAlreadyExists"));
    if (taken === undefined) {
        return undefined;
    }
    const name = /Role with name (\S+) already exists/.exec(taken)?.[1];
    const another = name === undefined ? "another roleName" : `a roleName other than ${name}`;
    return (
        `A role with this name already exists. Nothing was changed. Choose ${another}, or omit it for a generated one. To use ` +
        "another owner's role, pass its ARN as existingRoleArn. If it is this component's own role: with a new rolePath, it needs another " +
        "name, too, since it is created before the old one is deleted; with --replace, run the update without this option."
    );
};

/** For the service account's patch: another field manager owns the annotation. */
export const serviceAccountAdvice: Advice = (failures, { name = "NAME", namespace = "NAMESPACE" }) => {
    const manager = conflictingManager(failures);
    if (manager === undefined) {
        return undefined;
    }
    return manager.startsWith("eks-cni/")
        ? `Another CniServiceAccountRole annotates this service account: ${manager} (project, stack and name). First ` +
              "remove that component from its program, and run pulumi up on its stack (without live checks, first move its " +
              "pods off its role: docs/import-and-migration.md in the repository, Removing the component). If it is this " +
              "component under its former name, change the name back, run pulumi up, then rename it with an alias."
        : `The field manager ${JSON.stringify(manager)} owns the annotation of this service account. ` +
              (manager === "eks"
                  ? "The managed add-on vpc-cni writes it again with each update, so do not override it. Use " +
                    'delivery: "eksAddon", which needs the live checks. Without them, use delivery: "external", and set the output ' +
                    "provedRoleArn as the add-on's serviceAccountRoleArn."
                  : "Set overrideExistingServiceAccount: true to take it over. Or, if the node roles hold the CNI policy, remove the " +
                    "annotation first. To see its " +
                    `current value: kubectl get serviceaccount ${name} -n ${namespace} -o yaml --show-managed-fields`);
};

/** For the association: the service account has one already. */
export const associationAdvice: Advice = (failures) => {
    if (failures.some((failure) => /UpdatePodIdentityAssociation.*ResourceNotFoundException/s.test(failure))) {
        return "EKS no longer has this Pod Identity association. A failed rollout or another party has deleted it. Run pulumi up --refresh, which creates it again.";
    }
    return failures.some((failure) => failure.includes("ResourceInUseException"))
        ? "The service account has a Pod Identity association already, which this component did not create. To see it, and its role: aws eks list-pod-identity-associations " +
              "--cluster-name CLUSTER --namespace NAMESPACE --service-account NAME. To keep it, run pulumi destroy: it leaves that association. To use the component instead, first attach the CNI " +
              "policy to every node role and wait two minutes, since pods may have the credentials of that association. Then remove it where it is managed, restart the pods, and run pulumi up."
        : undefined;
};

/** The API server's answer to a patch of a DaemonSet that does not exist: an annotation alone cannot create one. */
const NO_DAEMON_SET = /DaemonSet\.apps "([^"]+)" is invalid: .*spec\.template\.spec\.containers: Required value/s;

/** For the DaemonSet's patch: another field manager, a missing DaemonSet, or pods that were not Ready in time. */
export const rolloutAdvice: Advice = (failures, { namespace = "NAMESPACE" }) => {
    const manager = conflictingManager(failures);
    if (manager !== undefined) {
        return `The field manager ${JSON.stringify(manager)} owns the rollout annotation of this DaemonSet: another component restarts it. Set rollout: { enabled: false } on the component whose service account the DaemonSet does not use.`;
    }
    const missing = failures.map((failure) => NO_DAEMON_SET.exec(failure)?.[1]).find((name) => name !== undefined);
    if (missing !== undefined) {
        return `The namespace ${namespace} has no DaemonSet ${JSON.stringify(missing)}. Install the Amazon VPC CNI plugin first, or set rollout.daemonSetName. The service account is already annotated (and was created if it did not exist).`;
    }
    return failures.some((failure) => /tim(?:ed|e) ?out/i.test(failure))
        ? "The service account is annotated, and the rolling update continues in the cluster. To see which " +
              `pods delay it, and why: kubectl get pods -n ${namespace} -l k8s-app=aws-node -o wide, then ` +
              `kubectl describe pod POD -n ${namespace}. Then run the update again: it waits for the rest. On a large ` +
              "cluster, raise rollout.timeoutSeconds."
        : undefined;
};

function conflictingManager(failures: readonly string[]): string | undefined {
    return failures
        .map((failure) => /conflicts? with "([^"]+)"/.exec(failure)?.[1])
        .find((manager) => manager !== undefined);
}
