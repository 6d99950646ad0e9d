import { AwsError } from "../../errors";
import type { AwsRequest } from "../../protocol";
import type { Route } from "../routes";
import type { Associations } from ".";
import type { Association, CreateAssociation, UpdateAssociation } from "./association";
import { pageOf } from "./pages";
import { type Account, createRefusal, updateRefusal } from "./validation";

/** Answers the calls about Pod Identity associations, which moto does not implement. Undefined for other calls. */
export async function identityAnswer(
    request: AwsRequest,
    { action, clusterName = "", member = "" }: Route,
    associations: Associations,
    account: Account,
): Promise<object | undefined> {
    const body = () => JSON.parse(request.body.toString() || "{}") as CreateAssociation;
    switch (action) {
        case "ListPodIdentityAssociations": {
            const query = new URL(request.url, "http://127.0.0.1").searchParams;
            const found = associations.list(clusterName, query.get("namespace"), query.get("serviceAccount"));
            const { items, ...next } = pageOf(found, query);
            return { associations: items.map(summaryOf), ...next };
        }
        case "CreatePodIdentityAssociation": {
            const asked = body();
            return associations.tokens.once(`${clusterName}/`, asked, async () => {
                refuse(createRefusal(asked, account));
                return Promise.resolve({ association: associations.create(clusterName, asked) });
            });
        }
        case "UpdatePodIdentityAssociation": {
            const asked: UpdateAssociation = body();
            return associations.tokens.once(`${clusterName}/${member}`, asked, async () => {
                refuse(updateRefusal(associations.describe(clusterName, member), asked, account));
                return Promise.resolve({ association: associations.update(clusterName, member, asked) });
            });
        }
        case "DescribePodIdentityAssociation":
            return { association: associations.describe(clusterName, member) };
        case "DeletePodIdentityAssociation":
            return { association: associations.delete(clusterName, member) };
        default:
            return undefined;
    }
}

function refuse(refusal: AwsError | undefined): void {
    if (refusal) {
        throw refusal;
    }
}

/**
 * The list omits the role: https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociationSummary.html
 */
function summaryOf({ clusterName, namespace, serviceAccount, associationArn, associationId, ownerArn }: Association) {
    return { clusterName, namespace, serviceAccount, associationArn, associationId, ...(ownerArn && { ownerArn }) };
}
