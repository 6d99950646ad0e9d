import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import { OTHER_ISSUERS } from "../../../model/cniRole";
import { arnOf, Engine, REAL_RESOURCES, type Resources } from "../../../model/engine";
import { foundWithNeighbours } from "../../../model/foundBefore";
import type { Scenario } from "../../../model/modelRun";
import {
    scenarioWithNeighbours,
    scenarioWithOtherClusters,
    scenarioWithOtherDaemonSets,
    scenarioWithOwnNodeRoles,
} from "../../../model/neighbours";
import {
    forgetsFormerAccounts,
    handsBackASharedRole,
    handsBackBlindly,
    handsOverBlindly,
    ownsAllNodeRoles,
    ownsNoNodeRole,
    replacesASharedRole,
} from "../../../model/plantedNeighbourBugs";
import { Run } from "../../../model/run";
import { ModelWorld } from "../../../model/world";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 40),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261128 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

/** Enough histories to find each planted bug. They are the same each time, and begin with a seed that finds each early. */
const BUG_HUNT = { seed: 2, numRuns: 400, endOnFailure: true };

interface Neighbours {
    readonly title: string;
    readonly scenarios: fc.Arbitrary<Scenario>;
    /** The transitions that the runs must contain. */
    readonly occurs: readonly RegExp[];
    /** Sequences that once failed. */
    readonly found?: readonly Scenario[];
    readonly bugs: readonly [what: string, resources: Resources, problem: RegExp][];
}

const OTHER_CLUSTERS = [
    /pods of other clusters carry the role/,
    /ended: \[other-clusters\] The update replaces the role/,
    /ended: \[role-narrowed\]/,
    /ended: \[other-clusters\] The role also trusts/,
    /ended: \[force-destroy-with-pods\]/,
];

const OWN_NODE_ROLES = [
    /warning: c has no nodes and belongs to this program/,
    /poolScaled [ab] false/,
    /poolScaled c true/,
    /the operator attaches the policy to c by hand/,
];

const OTHER_DAEMON_SETS = [
    /pods of another DaemonSet carry the role/,
    /ended: \[role-still-carried\]/,
    /ended: \[service-account-in-use\]/,
    /removing the annotation from the former service account/,
    /daemonSetRenamed/,
    /serviceAccountChanged/,
    /othersRestarted/,
];

const KINDS: readonly Neighbours[] = [
    {
        title: "Other clusters that share the role",
        scenarios: scenarioWithOtherClusters,
        occurs: OTHER_CLUSTERS,
        bugs: [
            ["replaces a shared role", replacesASharedRole, /a pod of the cluster .* has no path: it carries arn:/],
            ["hands back a shared role", handsBackASharedRole, /a pod of the cluster .* has no path: it carries arn:/],
        ],
    },
    {
        title: "Node roles of the same program",
        scenarios: scenarioWithOwnNodeRoles,
        occurs: OWN_NODE_ROLES,
        bugs: [
            [
                "takes each node role for the program's own",
                ownsAllNodeRoles,
                /did not give . its policy back|a node role has lost its policy/,
            ],
            ["takes no node role for the program's own", ownsNoNodeRole, /other node roles than . got nothing back/],
        ],
    },
    {
        title: "Other DaemonSets and service accounts",
        scenarios: scenarioWithOtherDaemonSets,
        occurs: OTHER_DAEMON_SETS,
        bugs: [
            ["hands back without a look at their pods", handsBackBlindly, /other\d+ has no path: it carries arn:/],
            ["replaces a role that their pods carry", handsOverBlindly, /other\d+ has no path: it carries arn:/],
            [
                "forgets former service accounts",
                forgetsFormerAccounts,
                /a former service account still delivers a role/,
            ],
        ],
    },
    {
        title: "All of these together",
        scenarios: scenarioWithNeighbours,
        occurs: [],
        found: foundWithNeighbours,
        bugs: [],
    },
];

for (const { title, scenarios, occurs, found = [], bugs } of KINDS) {
    describe(`${title} on the model`, function () {
        this.timeout(0);

        const seen = new Set<string>();

        it("cost no pod its path, and every goal is reached after the mistakes have ended", async () => {
            await fc.assert(
                fc.asyncProperty(scenarios, (of) => assertHolds(of, undefined, seen)),
                { ...PARAMETERS, examples: found.map((of): [Scenario] => [of]) },
            );
        });

        it("occur in these runs", () => {
            const kinds = [...seen];
            assert.deepEqual(
                occurs.filter((pattern) => !kinds.some((kind) => pattern.test(kind))),
                [],
            );
        });

        for (const [what, resources, problem] of bugs) {
            it(`are what catches a product that ${what}`, () => assertCatches(scenarios, resources, problem, BUG_HUNT));
        }
    });
}

describe("A role that another cluster shares, as the live checks are turned off with another one,", () => {
    it("stays, and the advice of the refusal leads out", async () => {
        const world = new ModelWorld();
        ["a", "b"].forEach((role) => world.join(role));
        world.advance(5000);
        const engine = new Engine(world, REAL_RESOURCES);
        const program = { detachFromNodeRoles: undefined, generatedName: true };
        const otherIssuers = OTHER_ISSUERS.slice(0, 1);
        await engine.up({ ...program, roleName: "cni", otherIssuers }, new Run(world));
        await assert.rejects(engine.up({ ...program, roleName: "next", otherIssuers }, new Run(world)), {
            code: "other-clusters",
        });
        // IAM shows the new role everywhere.
        world.advance(60_000);
        await assert.rejects(engine.turnOff(new Run(world)), {
            code: "former-role-carried",
            fix: /^Turn the live checks on again, and run pulumi up until it succeeds\./,
        });
        await assert.rejects(engine.up({ ...program, roleName: "next", otherIssuers }, new Run(world)), {
            code: "other-clusters",
            fix: /^Take the role out of those clusters first\./,
        });
        assert.ok(world.cniRoles.has(arnOf("cni-1")));
        await engine.up({ ...program, roleName: "next" }, new Run(world));
        await engine.turnOff(new Run(world));
        assert.deepEqual([[...world.cniRoles.keys()], world.problems], [[arnOf("next-2")], []]);
    });
});
