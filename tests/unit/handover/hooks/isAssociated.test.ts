import { deepStrictEqual } from "node:assert/strict";
import type { AwsAccess } from "../../../../handover/aws/awsAccess";
import type { connectAws } from "../../../../handover/aws/connectAws";
import { isAssociated } from "../../../../handover/hooks/isAssociated";
import type { AssociationsSeen } from "../../../../handover/model/association";
import { associations, own } from "../support/podIdentity";

const query = { clusterName: "prod", serviceAccount: { namespace: "kube-system", name: "aws-node" } };

describe("Whether a service account has an association", () => {
    const rows: [string, () => Promise<AssociationsSeen>, boolean | undefined][] = [
        ["is so with one", () => Promise.resolve(associations(own)), true],
        ["is not so without one", () => Promise.resolve(associations()), false],
        [
            "is not known if the call is denied",
            () =>
                Promise.resolve({
                    is: "unread",
                    call: { action: "eks:ListPodIdentityAssociations", cause: "denied", why: "no" },
                }),
            undefined,
        ],
        ["is not known if the call fails", () => Promise.reject(new Error("throttled")), undefined],
    ];
    for (const [what, answer, expected] of rows) {
        it(what, async () => {
            const asked: unknown[] = [];
            const connect = (...connection: unknown[]) => {
                asked.push(connection);
                return {
                    associations: (...of: unknown[]) => {
                        asked.push(of);
                        return answer();
                    },
                } as unknown as AwsAccess;
            };
            deepStrictEqual(
                await isAssociated(
                    { ...query, aws: { profile: "ops" }, region: "eu-west-1" },
                    connect as typeof connectAws,
                ),
                expected,
            );
            deepStrictEqual(asked, [
                [{ profile: "ops" }, { impatient: true, region: "eu-west-1" }],
                [query.clusterName, query.serviceAccount],
            ]);
        });
    }
});
