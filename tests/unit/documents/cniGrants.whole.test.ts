import { deepStrictEqual } from "assert";
import { cniGrants } from "../../../documents/cniGrants";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { fixture, PARTITIONS } from "../support/fixtures";
import { FAMILIES } from "./statements";

describe("whole policies, judged by what they give the CNI", () => {
    const documents: [string, unknown, object, object][] = [
        [
            "AmazonEKS_CNI_Policy",
            fixture("grants/AmazonEKS_CNI_Policy"),
            { grants: true, broad: false, sufficient: true },
            { grants: true, broad: false, sufficient: false },
        ],
        [
            "the plugin's scope-down policy",
            fixture("grants/scope-down.ipv4"),
            { grants: true, broad: false, sufficient: true },
            { grants: true, broad: false, sufficient: false },
        ],
        [
            "the EKS user guide's IPv6 policy, which lacks DescribeSubnets",
            fixture("eks-user-guide-ipv6-policy"),
            { grants: true, broad: false, sufficient: false },
            { grants: true, broad: false, sufficient: false },
        ],
        [
            "AmazonEKSWorkerNodePolicy",
            fixture("grants/AmazonEKSWorkerNodePolicy"),
            { grants: false, broad: true, sufficient: false },
            { grants: false, broad: true, sufficient: false },
        ],
        [
            "AmazonEC2ContainerRegistryReadOnly",
            fixture("grants/AmazonEC2ContainerRegistryReadOnly"),
            { grants: false, broad: true, sufficient: false },
            { grants: false, broad: true, sufficient: false },
        ],
        [
            "AmazonSSMManagedInstanceCore",
            fixture("grants/AmazonSSMManagedInstanceCore"),
            { grants: false, broad: true, sufficient: false },
            { grants: false, broad: true, sufficient: false },
        ],
        [
            "AmazonEKSVPCResourceController",
            fixture("grants/AmazonEKSVPCResourceController"),
            { grants: true, broad: true, sufficient: false },
            { grants: true, broad: true, sufficient: false },
        ],
        [
            "nothing",
            undefined,
            { grants: false, broad: false, sufficient: false },
            { grants: false, broad: false, sufficient: false },
        ],
    ];
    for (const [name, document, ...expected] of documents) {
        FAMILIES.forEach((family, i) => {
            it(`${name} on ${family}`, () => {
                deepStrictEqual(cniGrants(document, family), expected[i]);
            });
        });
    }

    for (const { partition } of PARTITIONS) {
        it(`the IPv6 policy of this package in ${partition}`, () => {
            const document = ipv6CniPolicy(partition);
            deepStrictEqual(cniGrants(document, "ipv6"), { grants: true, broad: false, sufficient: true });
            deepStrictEqual(cniGrants(document, "ipv4"), { grants: true, broad: false, sufficient: false });
        });
    }
});
