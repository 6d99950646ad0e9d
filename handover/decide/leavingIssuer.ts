/** The line that says how to check another cluster whose OIDC provider leaves the trust policy of a role. */
export function leavingIssuer(roleArn: string, providerArn: string, namespace: string): string {
    return (
        `The role ${roleArn} stops trusting the cluster with the issuer ${providerArn.replace(/^[^/]*\//, "")}. Pods there that carry the role ` +
        `cannot renew their credentials then. With the kubeconfig of that cluster, this command must print nothing: ${podsWithRole(roleArn, namespace)}`
    );
}

/** The line that says how to check another cluster whose role is deleted at the end of the update. */
export function leavesWithRole(roleArn: string, issuer: string, namespace: string): string {
    return (
        `The role ${roleArn} is deleted at the end of this update. The cluster with the issuer ${issuer} has shared it. With the ` +
        `kubeconfig of that cluster, this command must print nothing: ${podsWithRole(roleArn, namespace)}`
    );
}

/** A command that prints a line for each pod with this role. It compares whole ARNs, since one may begin with another. */
export function podsWithRole(roleArn: string, namespace: string): string {
    const columns = `POD:.metadata.name,VARIABLE:.spec.containers[*].env[?(@.value=="${roleArn}")].name`;
    return `kubectl --kubeconfig FILE get pods -n ${namespace} -o custom-columns='${columns}' --no-headers | grep AWS_ROLE_ARN`;
}
