import * as assert from "node:assert/strict";
import type { V1DaemonSet } from "@kubernetes/client-node";
import { defaultVersion } from "../../../aws/eks/addOns/versions";
import { addOnObjects, imageTag, restartAnnotation, roleAnnotation } from "../../../cluster/addOn/objects";
import { awsNode } from "../../../cluster/manifests/awsNode";
import type { Manifest } from "../../../cluster/manifests/plain";

const selfManaged = awsNode({ region: "us-west-2", clusterName: "sandbox", ipFamily: "ipv4" });
const plain = { version: defaultVersion, env: {} };

const kindOf = (objects: Manifest[], kind: string) => objects.find((object) => object.kind === kind) ?? assert.fail();
const template = (objects: Manifest[]) => (kindOf(objects, "DaemonSet") as V1DaemonSet).spec?.template ?? assert.fail();
const main = (objects: Manifest[]) => template(objects).spec?.containers[0] ?? assert.fail();
const variable = (objects: Manifest[], name: string) => main(objects).env?.filter((entry) => entry.name === name);

describe("the objects of the managed add-on vpc-cni", () => {
    it("are those of the self-managed aws-node, for the add-on of the same version", () => {
        assert.deepEqual(addOnObjects(selfManaged, plain), selfManaged);
    });

    it("have the role on the service account", () => {
        const roleArn = "arn:aws:iam::111122223333:role/cni";
        const objects = addOnObjects(selfManaged, { ...plain, roleArn });
        assert.deepEqual(kindOf(objects, "ServiceAccount").metadata?.annotations, { [roleAnnotation]: roleArn });
        assert.deepEqual(template(objects), template(selfManaged));
    });

    it("have the images and the labels of the version", () => {
        const objects = addOnObjects(selfManaged, { ...plain, version: "v1.24.0-eksbuild.2" });
        const { containers = [], initContainers = [] } = template(objects).spec ?? {};
        assert.deepEqual(
            [...initContainers, ...containers].map(({ image }) => image?.split("/").at(-1)),
            [
                "amazon-k8s-cni-init:v1.24.0-eksbuild.2",
                "amazon-k8s-cni:v1.24.0-eksbuild.2",
                "aws-network-policy-agent:v1.4.2",
            ],
        );
        assert.deepEqual(variable(objects, "VPC_CNI_VERSION"), [
            { name: "VPC_CNI_VERSION", value: "v1.24.0-eksbuild.2" },
        ]);
        objects.forEach(({ metadata }) =>
            assert.equal(metadata?.labels?.["app.kubernetes.io/version"], "v1.24.0-eksbuild.2"),
        );
        assert.deepEqual(template(objects).metadata, template(selfManaged).metadata);
    });

    it("have the environment of the configuration, over and beside the default one", () => {
        const objects = addOnObjects(selfManaged, { ...plain, env: { WARM_ENI_TARGET: "2", OTHER: "x" } });
        assert.deepEqual(variable(objects, "WARM_ENI_TARGET"), [{ name: "WARM_ENI_TARGET", value: "2" }]);
        assert.deepEqual(variable(objects, "OTHER"), [{ name: "OTHER", value: "x" }]);
        assert.equal(main(objects).env?.length, (main(selfManaged).env?.length ?? 0) + 1);
    });

    it("have the time of the last restart on the pod template", () => {
        const objects = addOnObjects(selfManaged, { ...plain, restartedAt: "2026-01-01T00:00:00Z" });
        assert.deepEqual(template(objects).metadata?.annotations, { [restartAnnotation]: "2026-01-01T00:00:00Z" });
    });

    it("have the tag of the self-managed images for the first build alone", () => {
        assert.deepEqual(["v1.23.1-eksbuild.1", "v1.23.1-eksbuild.2"].map(imageTag), ["v1.23.1", "v1.23.1-eksbuild.2"]);
    });
});
