import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    canaryPlaces,
    describeNodes,
    describePlace,
    MOST_CANARIES,
    placesOf,
} from "../../../../handover/decide/places";
import type { AccountSeen, NodeSeen } from "../../../../handover/model/world";
import { node, onNodeRole, world } from "../support/worlds";

interface Where {
    readonly role?: string;
    readonly subnet?: string;
    readonly groups?: readonly string[];
    readonly ready?: boolean;
}

/** A world in which each node is where its row says. */
function worldIn(where: Readonly<Record<string, Where>>) {
    const nodes: NodeSeen[] = Object.entries(where).map(([name, { ready = true }]) => node(name, { ready }));
    const entries = Object.entries(where).map(([name, at]) => [`i-${name}`, at] as const);
    const account: Partial<AccountSeen> = {
        roleOfInstance: Object.fromEntries(entries.map(([id, { role }]) => [id, role])),
        networkOfInstance: Object.fromEntries(
            entries.flatMap(([id, { subnet, groups = [] }]) =>
                subnet === undefined ? [] : [[id, { subnetId: subnet, securityGroupIds: groups }]],
            ),
        ),
    };
    return world(onNodeRole, { cluster: { nodes }, account });
}

const shown = (where: Readonly<Record<string, Where>>) =>
    placesOf(worldIn(where)).map(({ roleName, subnetId, nodes }) => [roleName, subnetId, ...nodes.map((n) => n.name)]);

const testedIn = (where: Readonly<Record<string, Where>>) => {
    const { first, others } = canaryPlaces(placesOf(worldIn(where)));
    const names = (places: typeof first) => places.map(({ nodes }) => nodes.map(({ name }) => name).join());
    return { first: names(first), others: names(others) };
};

/** Many nodes, each in a subnet of its own. */
const inSubnets = (count: number, role: (nth: number) => string): Record<string, Where> =>
    Object.fromEntries(
        Array.from({ length: count }, (_, nth) => {
            const id = String(nth).padStart(2, "0");
            return [`n${id}`, { role: role(nth), subnet: `subnet-${id}` }];
        }),
    );

describe("A place", () => {
    const rows: [string, Readonly<Record<string, Where>>, string[][]][] = [
        [
            "has the nodes of one node role where nothing is known of the network",
            { a: { role: "r" }, b: { role: "r" } },
            [["r", "", "a", "b"]],
        ],
        [
            "is another one for another node role",
            { a: { role: "r" }, b: { role: "s" } },
            [
                ["r", "", "a"],
                ["s", "", "b"],
            ],
        ],
        [
            "is another one in another subnet",
            { a: { role: "r", subnet: "1" }, b: { role: "r", subnet: "2" }, c: { role: "r", subnet: "1" } },
            [
                ["r", "1", "a", "c"],
                ["r", "2", "b"],
            ],
        ],
        [
            "is another one behind other security groups",
            {
                a: { role: "r", subnet: "1", groups: ["g"] },
                b: { role: "r", subnet: "1", groups: ["g", "h"] },
                c: { role: "r", subnet: "1", groups: ["g"] },
            },
            [
                ["r", "1", "a", "c"],
                ["r", "1", "b"],
            ],
        ],
        [
            "may have no known role",
            { a: {}, b: { role: "r" } },
            [
                ["", "", "a"],
                ["r", "", "b"],
            ],
        ],
        [
            "comes in the order of its first node's name",
            { c: { role: "r" }, a: { role: "s" }, b: { role: "r" } },
            [
                ["s", "", "a"],
                ["r", "", "b", "c"],
            ],
        ],
    ];
    for (const [what, where, expected] of rows) {
        it(what, () => {
            deepStrictEqual(shown(where), expected);
        });
    }

    it("has a node that is no instance, as one whose role is not known", () => {
        const of = world(onNodeRole, { cluster: { nodes: [node("a", { instanceId: undefined })] } });
        deepStrictEqual(placesOf(of), [{ key: " ", roleName: "", subnetId: "", nodes: of.cluster.nodes }]);
    });

    it("does not exist without nodes", () => {
        deepStrictEqual(shown({}), []);
    });

    it("is described by what is known of it", () => {
        strictEqual(describePlace({ roleName: "nodes", subnetId: "subnet-0a" }), " of nodes in subnet-0a");
        strictEqual(describePlace({ roleName: "nodes", subnetId: "" }), " of nodes");
        strictEqual(describePlace({ roleName: "", subnetId: "subnet-0a" }), " in subnet-0a");
        strictEqual(describePlace({ roleName: "", subnetId: "" }), "");
    });
});

describe("The places that get a canary", () => {
    const rows: [string, Readonly<Record<string, Where>>, { first: string[]; others: string[] }][] = [
        [
            "begin with one of each node role",
            {
                a: { role: "r", subnet: "1" },
                b: { role: "r", subnet: "2" },
                c: { role: "s", subnet: "1" },
                d: { role: "s", subnet: "2" },
            },
            { first: ["a", "c"], others: ["b", "d"] },
        ],
        [
            "are not those without a Ready node, where the node role has another place",
            {
                a: { role: "r", subnet: "1", ready: false },
                b: { role: "r", subnet: "2" },
                c: { role: "r", subnet: "3", ready: false },
            },
            { first: ["b"], others: [] },
        ],
        [
            "are not those without a Ready node, whatever their node role",
            {
                a: { role: "r", subnet: "1", ready: false },
                b: { role: "r", subnet: "2", ready: false },
                c: { role: "s", subnet: "1" },
            },
            { first: ["c"], others: [] },
        ],
        [
            "are those without a Ready node only where no node is Ready",
            {
                a: { role: "r", subnet: "1", ready: false },
                b: { role: "r", subnet: "2", ready: false },
                c: { role: "s", subnet: "1", ready: false },
            },
            { first: ["a", "c"], others: ["b"] },
        ],
        [
            "are not those whose node role is not known, where another one is",
            { a: { subnet: "1" }, b: { role: "r", subnet: "1" }, c: {} },
            { first: ["b"], others: [] },
        ],
        [
            "are those whose node role is not known where no Ready node has another one",
            { a: { subnet: "1" }, b: { role: "r", subnet: "1", ready: false } },
            { first: ["a"], others: [] },
        ],
        [
            "are those with one Ready node",
            { a: { role: "r", ready: false }, b: { role: "r" } },
            { first: ["a,b"], others: [] },
        ],
        ["are none without nodes", {}, { first: [], others: [] }],
        [
            "are no more than ten, of which the first of each node role are some",
            inSubnets(12, (nth) => (nth < 11 ? "r" : "s")),
            { first: ["n00", "n11"], others: ["n01", "n02", "n03", "n04", "n05", "n06", "n07", "n08"] },
        ],
        [
            "are no more than ten, however many node roles there are",
            inSubnets(12, String),
            { first: ["n00", "n01", "n02", "n03", "n04", "n05", "n06", "n07", "n08", "n09"], others: [] },
        ],
    ];
    for (const [what, where, expected] of rows) {
        it(what, () => {
            deepStrictEqual(testedIn(where), expected);
        });
    }

    it("are ten at most, as the documentation says", () => {
        strictEqual(MOST_CANARIES, 10);
    });
});

describe("The nodes in a message", () => {
    it("are named with their subnets, as far as these are known", () => {
        const of = worldIn({ a: { role: "r", subnet: "subnet-0a" }, b: { role: "r" } });
        deepStrictEqual(
            describeNodes(
                ["b", "a", "gone"].map((name) => ({ node: name })),
                of,
            ),
            ["b", "a (subnet-0a)", "gone"],
        );
        deepStrictEqual(describeNodes([], of), []);
    });
});
