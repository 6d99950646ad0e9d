/**
 * What to do about a failure that the providers report: they say what went wrong, this says which argument mends it. Each
 * takes the failed attempts' messages and answers undefined where the provider's own words are enough.
 */
export type Advice = (failures: readonly string[]) => string | undefined;

/** Of the role: the name is taken, by the component's own old role or by somebody else's. */
export const roleAdvice: Advice = (failures) =>
    failures.some((failure) => failure.includes("EntityAlreadyExists"))
        ? "A role of this name exists, and nothing was changed. If this update replaces the component's own role (a new " +
          "rolePath does), choose a new roleName, or remove roleName: the new role is made before the old one goes. " +
          "If the role is somebody else's, choose another roleName, or use it as it is by existingRoleArn."
        : undefined;

/** Of the service account's patch: another field manager owns the annotation. */
export const serviceAccountAdvice: Advice = (failures) => {
    const manager = conflictingManager(failures);
    if (manager === undefined) {
        return undefined;
    }
    return manager.startsWith("eks-cni/")
        ? `Another CniServiceAccountRole, ${manager} (project, stack, name), annotates this service account. Remove it ` +
              "there first; if it is this component under its old name, give it an alias."
        : `The field manager ${JSON.stringify(manager)} owns the annotation of this service account. Set ` +
              "overrideExistingServiceAccount: true to take it over, or remove the annotation first. What it was stays " +
              "visible in: kubectl get serviceaccount NAME -n NAMESPACE -o yaml --show-managed-fields";
};

/** What the API server says of a patch that would have to make the DaemonSet: a DaemonSet needs more than an annotation. */
const NO_DAEMON_SET = /DaemonSet\.apps "([^"]+)" is invalid: .*spec\.template\.spec\.containers: Required value/s;

/** Of the DaemonSet's patch: another manager, no such DaemonSet, or pods that did not get ready in time. */
export const rolloutAdvice: Advice = (failures) => {
    const manager = conflictingManager(failures);
    if (manager !== undefined) {
        return `The field manager ${JSON.stringify(manager)} owns the rollout annotation of this DaemonSet: another component restarts it.`;
    }
    const missing = failures.map((failure) => NO_DAEMON_SET.exec(failure)?.[1]).find((name) => name !== undefined);
    if (missing !== undefined) {
        return `There is no DaemonSet ${JSON.stringify(missing)} in the service account's namespace. Install the Amazon VPC CNI plugin first, or give the name of its DaemonSet as rollout.daemonSetName.`;
    }
    return failures.some((failure) => /tim(?:ed|e) ?out/i.test(failure))
        ? "The service account is annotated, and the rolling update goes on in the cluster by itself. See what holds it up " +
              "with: kubectl rollout status daemonset/NAME -n NAMESPACE; then run the update again, which waits again. " +
              "rollout.timeoutSeconds says how long."
        : undefined;
};

function conflictingManager(failures: readonly string[]): string | undefined {
    return failures
        .map((failure) => /conflicts? with "([^"]+)"/.exec(failure)?.[1])
        .find((manager) => manager !== undefined);
}
