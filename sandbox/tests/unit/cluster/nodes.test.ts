import * as assert from "node:assert/strict";
import { spread } from "../../../cluster/instances";
import { node, nodeName } from "../../../cluster/nodes";

const instance = {
    id: "i-0123456789abcdef0",
    zone: "us-west-2a",
    subnetId: "subnet-1",
    privateIp: "10.0.3.7",
    ipv6: "2600:1f14:abc:de03::7",
    nodeGroup: "sandbox-2",
};

describe("A node of the sandbox", () => {
    const ipv4 = node(instance, "us-west-2", "ipv4", "v1.34.4");

    it("is named after its instance's address, as on EKS", () => {
        assert.equal(nodeName(instance, "us-west-2"), "ip-10-0-3-7.us-west-2.compute.internal");
        assert.equal(ipv4.metadata?.name, "ip-10-0-3-7.us-west-2.compute.internal");
    });

    it("tells the instance that it is", () => {
        assert.equal(ipv4.spec?.providerID, "aws:///us-west-2a/i-0123456789abcdef0");
    });

    it("has the labels that DaemonSets and people select by", () => {
        const labels = ipv4.metadata?.labels ?? {};
        assert.equal(labels["kubernetes.io/os"], "linux");
        assert.equal(labels["kubernetes.io/arch"], "amd64");
        assert.equal(labels["topology.kubernetes.io/zone"], "us-west-2a");
        assert.equal(labels["kubernetes.io/hostname"], ipv4.metadata?.name);
        assert.equal(labels["eks.amazonaws.com/nodegroup"], "sandbox-2");
    });

    it("reports an address of the cluster's family", () => {
        const internal = (family: "ipv4" | "ipv6") =>
            node(instance, "us-west-2", family, "v1.34.4")
                .status?.addresses?.filter(({ type }) => type === "InternalIP")
                .map(({ address }) => address);
        assert.deepEqual(internal("ipv4"), ["10.0.3.7"]);
        assert.deepEqual(internal("ipv6"), ["2600:1f14:abc:de03::7"]);
    });
});

describe("The nodes of the sandbox", () => {
    it("are spread evenly over the subnets, and the first ones have one more", () => {
        assert.deepEqual(spread(8, 4), [2, 2, 2, 2]);
        assert.deepEqual(spread(8, 3), [3, 3, 2]);
        assert.deepEqual(spread(1, 3), [1, 0, 0]);
    });

    it("go on in the subnet in which those of the last node role ended, so that the subnets come out even", () => {
        assert.deepEqual(spread(8, 3, 2), [3, 2, 3]);
        assert.deepEqual(spread(3, 4, 3), [1, 1, 0, 1]);
        assert.deepEqual(spread(2, 2, 5), [1, 1]);
    });
});
