import { validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { deepStrictEqual, strictEqual } from "assert";
import { podIdentityTrustPolicy } from "../../../documents/podIdentity";

const AWS_NODE = { namespace: "kube-system", name: "aws-node" };

describe("the trust policy for Pod Identity", () => {
    for (const partition of ["aws", "aws-cn", "aws-us-gov"]) {
        const clusterArn = `arn:${partition}:eks:us-west-2:111122223333:cluster/production`;
        const document = podIdentityTrustPolicy({ clusterArn, serviceAccount: AWS_NODE });

        it(`trusts the service for one service account of one cluster in ${partition}`, () => {
            deepStrictEqual(document, {
                Version: "2012-10-17",
                Statement: [
                    {
                        Effect: "Allow",
                        Principal: { Service: "pods.eks.amazonaws.com" },
                        Action: ["sts:AssumeRole", "sts:TagSession"],
                        Condition: {
                            StringEquals: {
                                "aws:RequestTag/kubernetes-namespace": "kube-system",
                                "aws:RequestTag/kubernetes-service-account": "aws-node",
                                "aws:RequestTag/eks-cluster-arn": clusterArn,
                            },
                        },
                    },
                ],
            });
        });

        it(`passes the syntax check of a policy validator in ${partition}`, () => {
            deepStrictEqual(validateTrustPolicy(document), []);
        });
    }

    it("has no wildcard", () => {
        const clusterArn = "arn:aws:eks:us-west-2:111122223333:cluster/production";
        strictEqual(
            /[*?]/.test(JSON.stringify(podIdentityTrustPolicy({ clusterArn, serviceAccount: AWS_NODE }))),
            false,
        );
    });
});
