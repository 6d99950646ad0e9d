import type { AwsRequest } from "../protocol";
import type { Association, Associations, CreateAssociation } from "./podIdentityAssociations";
import type { Route } from "./routes";

/** Answers the calls about Pod Identity associations, which moto does not implement. Undefined for other calls. */
export function identityAnswer(
    request: AwsRequest,
    { action, clusterName = "", member = "" }: Route,
    associations: Associations,
): object | undefined {
    const query = new URL(request.url, "http://127.0.0.1").searchParams;
    const body = () => JSON.parse(request.body.toString()) as CreateAssociation;
    switch (action) {
        case "ListPodIdentityAssociations": {
            const found = associations.list(clusterName, query.get("namespace"), query.get("serviceAccount"));
            return { associations: found.map(summaryOf) };
        }
        case "CreatePodIdentityAssociation":
            return { association: associations.create(clusterName, body()) };
        case "DescribePodIdentityAssociation":
            return { association: associations.describe(clusterName, member) };
        case "DeletePodIdentityAssociation":
            return { association: associations.delete(clusterName, member) };
        default:
            return undefined;
    }
}

/**
 * The list omits the role: https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociationSummary.html
 */
function summaryOf({ clusterName, namespace, serviceAccount, associationArn, associationId, ownerArn }: Association) {
    return { clusterName, namespace, serviceAccount, associationArn, associationId, ...(ownerArn && { ownerArn }) };
}
