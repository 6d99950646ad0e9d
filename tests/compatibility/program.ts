/** A consumer's program under Pulumi's mocks, which uses each entry point of the package once. main.ts compiles and runs it. */
export const PROGRAM = `
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";
import { rules } from "eks-cni/policies";

// As the engine loads it. It has no types for TypeScript's older resolution of modules, which Pulumi's own templates use.
const handover: { dynamicProvider?: unknown } = require("eks-cni/handover");
const types: string[] = [];
const arn = "arn:aws:iam::111122223333:role/made";
void pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
        types.push(type);
        return { id: name, state: { ...inputs, arn, uniqueId: "AROAEXAMPLE" } };
    },
    call: ({ inputs }) => inputs,
});
const providers = {
    aws: new aws.Provider("aws", { region: "us-west-2" }),
    kubernetes: new kubernetes.Provider("kubernetes", { kubeconfig: "{}" }),
};
const oidcProviderArn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
const plain = new CniServiceAccountRole("plain", { oidcProviderArn, liveChecks: false }, { providers });
const live = new CniServiceAccountRole("live", { oidcProviderArn, detachFromNodeRoles: ["nodes"] });
const one = plain instanceof pulumi.ComponentResource && typeof handover.dynamicProvider === "function" && rules.length > 0;
pulumi.all([plain.ready, live.ready]).apply((ready) => {
    const resources = types.filter((type) => !type.startsWith("pulumi:")).length;
    console.log(JSON.stringify({ one, resources, ready: [...new Set(ready)] }));
});
`;

/** The plain shape has 1 component and 4 resources. Live checks add 5: three live checks, and two of the deletion order. */
export const EXPECTED = {
    one: true,
    resources: 15,
    ready: ["arn:aws:iam::111122223333:role/made"],
};
