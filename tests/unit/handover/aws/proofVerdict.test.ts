import { deepStrictEqual } from "assert";
import type { DryRunResult } from "../../../../handover/aws/dryRuns";
import { leftToPolicies, unprovenOf, verdictOf } from "../../../../handover/aws/proofVerdict";
import type { Decision } from "../../../../handover/aws/simulation";

const roleArn = "arn:aws:iam::111122223333:role/prod-cni";

function dryRunOf(name: string, outcome: DryRunResult["outcome"], words = ""): DryRunResult {
    return { action: { action: `ec2:${name}`, on: [] }, outcome, words };
}

function verdict(all: DryRunResult[], decisions: Record<string, Decision>) {
    const byAction = new Map(Object.entries(decisions).map(([name, decision]) => [`ec2:${name}`, decision]));
    return verdictOf({ roleArn, tried: all, simulation: { decisions: byAction } });
}

function verdictWithoutSimulation(all: DryRunResult[]) {
    return verdictOf({ roleArn, tried: all, simulation: { notAllowed: "AWS says no." } });
}

const READ = dryRunOf("DescribeTags", "allowed");
const BY_DRY_RUN = "A DryRun as the role succeeds: ec2:DescribeTags";

describe("the verdict on a role's rights", () => {
    it("is yes with what EC2 says alone, where it says yes to all", () => {
        deepStrictEqual(verdict([READ], {}), { verdict: "yes", evidence: [BY_DRY_RUN] });
        deepStrictEqual(verdictWithoutSimulation([READ]), { verdict: "yes", evidence: [BY_DRY_RUN] });
    });

    it("is yes with what the simulation says alone, where nothing else can be asked", () => {
        deepStrictEqual(
            verdict([dryRunOf("Assign", "untried"), dryRunOf("Tag", "unclear", "Odd: x")], {
                Assign: "allowed",
                Tag: "allowed",
            }),
            {
                verdict: "yes",
                evidence: ["IAM's policy simulator allows the role: ec2:Assign, ec2:Tag"],
            },
        );
    });

    describe("where the caller may not simulate what has no DryRun", () => {
        const tried = [READ, dryRunOf("Assign", "untried"), dryRunOf("Unassign", "untried")];
        const NOT_PROVED =
            "since the live checks' credentials are not allowed to use IAM's policy simulator. AWS says no.";
        const verdictWith = (allowedByPolicies: string[], all = tried) =>
            verdictOf({ roleArn, tried: all, simulation: { notAllowed: "AWS says no." }, allowedByPolicies });

        it("is open, and waiting does not help", () => {
            deepStrictEqual(verdictWithoutSimulation(tried), {
                verdict: "undecided",
                why: "Neither a DryRun nor IAM's policy simulator decides ec2:Assign, ec2:Unassign: AWS says no.",
                evidence: [BY_DRY_RUN, `Not proved: ec2:Assign, ec2:Unassign, ${NOT_PROVED}`],
                final: true,
            });
        });

        it("may be decided by waiting if another answer is open as well", () => {
            const all = [dryRunOf("Create", "unclear", "Odd: in use"), dryRunOf("Assign", "untried")];
            deepStrictEqual(verdictWithoutSimulation(all), {
                verdict: "undecided",
                why:
                    "EC2's answer to a DryRun of ec2:Create says nothing about permissions: Odd: in use. " +
                    "Neither a DryRun nor IAM's policy simulator decides ec2:Assign: AWS says no.",
                evidence: [`Not proved: ec2:Create, ec2:Assign, ${NOT_PROVED}`],
            });
        });

        it("is yes if the role's policies allow the rest, and open if they allow a part of it", () => {
            deepStrictEqual(verdictWith(["ec2:Assign", "ec2:Unassign"]), {
                verdict: "yes",
                evidence: [BY_DRY_RUN, "The policies of the role allow, without a condition: ec2:Assign, ec2:Unassign"],
            });
            deepStrictEqual(verdictWith(["ec2:Unassign"]), {
                verdict: "undecided",
                why: "Neither a DryRun nor IAM's policy simulator decides ec2:Assign: AWS says no.",
                evidence: [
                    BY_DRY_RUN,
                    "The policies of the role allow, without a condition: ec2:Unassign",
                    `Not proved: ec2:Assign, ${NOT_PROVED}`,
                ],
                final: true,
            });
        });
    });

    describe("is left to the role's policies", () => {
        const SCP = "x is not authorized to perform: ec2:Attach with an explicit deny in a service control policy";
        const left = (all: DryRunResult[], decisions?: Record<string, Decision>) => {
            const byAction = new Map(
                Object.entries(decisions ?? {}).map(([name, decision]) => [`ec2:${name}`, decision]),
            );
            const simulation = decisions === undefined ? { notAllowed: "no" } : { decisions: byAction };
            return leftToPolicies(all, unprovenOf({ tried: all, simulation })).map(({ action }) => action.action);
        };

        for (const [outcome, words, expected] of [
            ["untried", "", ["ec2:Attach"]],
            ["unclear", "Odd: in use", ["ec2:Attach"]],
            ["refused", "Unauthorized: no", []],
            ["stranger", "AuthFailure: who?", []],
            ["allowed", "", []],
        ] as const) {
            it(`for ${expected.length} action that is ${outcome}`, () => {
                deepStrictEqual(left([dryRunOf("Attach", outcome, words)]), expected);
            });
        }

        for (const [decision, expected] of [
            ["unevaluated", ["ec2:Attach"]],
            ["allowed", ["ec2:Attach"]],
            ["denied", []],
            ["deniedByOrganization", []],
            ["unclear", []],
        ] as const) {
            it(`for ${expected.length} action that the simulator leaves ${decision}`, () => {
                deepStrictEqual(left([dryRunOf("Attach", "untried")], { Attach: decision }), expected);
            });
        }

        it("for none once EC2 names a policy of a perimeter, whichever action it refuses", () => {
            const assign = dryRunOf("Assign", "untried");
            deepStrictEqual(left([dryRunOf("Attach", "refused", "No: not from here"), assign]), ["ec2:Assign"]);
            deepStrictEqual(left([dryRunOf("Attach", "refused", SCP), assign]), []);
        });
    });

    describe("is open, each reason with its actions and the first's words,", () => {
        const all = [
            READ,
            dryRunOf("Assign", "untried"),
            dryRunOf("Attach", "refused", "Unauthorized: not from here"),
            dryRunOf("Detach", "refused", "Unauthorized: nor this"),
            dryRunOf("Create", "unclear", "Odd: in use"),
            dryRunOf("Delete", "unclear", "Odd: gone"),
            dryRunOf("Unassign", "untried"),
            dryRunOf("Tag", "untried"),
            dryRunOf("Modify", "untried"),
        ];

        it("for several at once", () => {
            const decisions = {
                Assign: "unclear",
                Attach: "allowed",
                Detach: "unclear",
                Create: "unclear",
                Delete: "unclear",
                Unassign: "unclear",
                Tag: "allowed",
                Modify: "unevaluated",
            } as const;
            deepStrictEqual(verdict(all, decisions), {
                verdict: "undecided",
                why:
                    "EC2 refuses a DryRun of ec2:Attach from this machine, although IAM's policy simulator allows it: " +
                    "Unauthorized: not from here. EC2 refuses a DryRun of ec2:Detach from this machine, and IAM's policy simulator " +
                    "cannot decide, since it depends on conditions that only a real call meets: Unauthorized: nor this. EC2's answer to a DryRun of ec2:Create, ec2:Delete says nothing about permissions: Odd: " +
                    "in use. IAM's policy simulator cannot decide ec2:Assign, ec2:Unassign: it depends on conditions that only a real call " +
                    "meets. IAM's policy simulator does not simulate ec2:Modify.",
                evidence: [BY_DRY_RUN, "IAM's policy simulator allows the role: ec2:Attach, ec2:Tag"],
            });
        });

        const table: [string, DryRunResult, Decision, string][] = [
            [
                "a refusal that the simulation does not share",
                dryRunOf("Attach", "refused", "No: not from here"),
                "allowed",
                "EC2 refuses a DryRun of ec2:Attach from this machine, although IAM's policy simulator allows it: No: not from here.",
            ],
            [
                "an answer that tells nothing",
                dryRunOf("Create", "unclear", "Odd: in use"),
                "unclear",
                "EC2's answer to a DryRun of ec2:Create says nothing about permissions: Odd: in use.",
            ],
            [
                "a refusal by a condition",
                dryRunOf("Attach", "refused", "No: not from here"),
                "unclear",
                "EC2 refuses a DryRun of ec2:Attach from this machine, and IAM's policy simulator cannot decide, since it depends on " +
                    "conditions that only a real call meets: No: not from here.",
            ],
            [
                "an answer that tells nothing, of an action that is not simulated",
                dryRunOf("Create", "unclear", "Odd: in use"),
                "unevaluated",
                "EC2's answer to a DryRun of ec2:Create says nothing about permissions: Odd: in use.",
            ],
            [
                "an action that is not simulated",
                dryRunOf("Assign", "untried"),
                "unevaluated",
                "IAM's policy simulator does not simulate ec2:Assign.",
            ],
            [
                "a condition",
                dryRunOf("Assign", "untried"),
                "unclear",
                "IAM's policy simulator cannot decide ec2:Assign: it depends on conditions that only a real call meets.",
            ],
        ];
        for (const [what, one, decision, why] of table) {
            it(`for ${what}`, () => {
                const evidence = decision === "allowed" ? ["IAM's policy simulator allows the role: ec2:Attach"] : [];
                const name = one.action.action.slice("ec2:".length);
                deepStrictEqual(verdict([one], { [name]: decision }), { verdict: "undecided", why, evidence });
            });
        }

        const perimeters = [
            "with an explicit deny in a service control policy",
            "because no service control policy allows the ec2:AttachNetworkInterface action",
            "with an explicit deny in a resource control policy",
            "because no VPC endpoint policy allows the ec2:AttachNetworkInterface action",
            "with an explicit deny in a VPC endpoint policy",
        ];
        for (const denied of perimeters) {
            const words = `UnauthorizedOperation: You are not authorized to perform this operation. User: arn is not authorized to perform: ec2:Attach ${denied}`;
            const why =
                "EC2 refuses a DryRun of ec2:Attach from this machine by a policy that may depend on where the call comes from: " +
                `${words}.`;

            it(`for a refusal "${denied}", where nothing else can be asked`, () => {
                deepStrictEqual(verdictWithoutSimulation([dryRunOf("Attach", "refused", words)]), {
                    verdict: "undecided",
                    why,
                    evidence: [
                        "Not proved: ec2:Attach, since the live checks' credentials are not allowed to use IAM's policy simulator. AWS says no.",
                    ],
                });
                deepStrictEqual(verdict([dryRunOf("Attach", "refused", words)], { Attach: "unevaluated" }), {
                    verdict: "undecided",
                    why,
                    evidence: [],
                });
            });
        }

        it("for an answer that tells nothing, where the caller may not simulate", () => {
            deepStrictEqual(verdictWithoutSimulation([dryRunOf("Create", "unclear", "Odd: in use")]), {
                verdict: "undecided",
                why: "EC2's answer to a DryRun of ec2:Create says nothing about permissions: Odd: in use.",
                evidence: [
                    "Not proved: ec2:Create, since the live checks' credentials are not allowed to use IAM's policy simulator. AWS says no.",
                ],
            });
        });
    });

    describe("is no, and may change,", () => {
        const no = (why: string) => ({ verdict: "no", code: "permission-missing", why, final: false });

        it("naming what is missing and no more, in EC2's words where it has some", () => {
            const all = [
                dryRunOf("Assign", "untried"),
                dryRunOf("Attach", "refused", "No: really"),
                dryRunOf("Tag", "untried"),
            ];
            deepStrictEqual(
                verdict(all, { Assign: "denied", Attach: "denied", Tag: "allowed" }),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Assign, ec2:Attach. In its session, ec2:Attach failed: No: really`,
                ),
            );
        });

        it("where the simulation has no word of an action", () => {
            deepStrictEqual(
                verdict([dryRunOf("Assign", "untried")], {}),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Assign (according to IAM's policy simulator).`,
                ),
            );
        });

        it("where EC2 refuses and the caller may not simulate", () => {
            deepStrictEqual(
                verdictWithoutSimulation([dryRunOf("Attach", "refused", "No: really")]),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Attach. In its session, ec2:Attach failed: No: really`,
                ),
            );
        });

        it("where EC2 refuses and IAM does not simulate the action", () => {
            deepStrictEqual(
                verdict([dryRunOf("Attach", "refused", "No: really")], { Attach: "unevaluated" }),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Attach. In its session, ec2:Attach failed: No: really`,
                ),
            );
        });

        const FIX =
            "A service control policy of the organization denies this, so its owner has to allow these actions for the role. Then run pulumi up --refresh. " +
            'If it admits the nodes by their addresses, set proof: "off", and the canary decides.';
        const SCP =
            "UnauthorizedOperation: You are not authorized to perform this operation. User: u is not authorized to perform: ec2:Attach " +
            "with an explicit deny in a service control policy";

        it("with the owner to ask, where a service control policy denies what EC2 cannot try", () => {
            const all = [dryRunOf("Assign", "untried"), dryRunOf("Tag", "untried")];
            deepStrictEqual(verdict(all, { Assign: "deniedByOrganization", Tag: "denied" }), {
                ...no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Assign, ec2:Tag (according to IAM's policy simulator).`,
                ),
                fix: FIX,
            });
        });

        it("with the owner to ask, where EC2 names such a policy, and the simulation says that it denies the nodes' calls as well", () => {
            const why = `The role ${roleArn} lacks these EC2 permissions: ec2:Attach. In its session, ec2:Attach failed: ${SCP}`;
            const one = dryRunOf("Attach", "refused", SCP);
            deepStrictEqual(verdict([one], { Attach: "deniedByOrganization" }), { ...no(why), fix: FIX });
        });

        it("without the owner where EC2 names such a policy, and the role's own policies do not allow the action either", () => {
            deepStrictEqual(
                verdict([dryRunOf("Attach", "refused", SCP)], { Attach: "denied" }),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Attach. In its session, ec2:Attach failed: ${SCP}`,
                ),
            );
        });

        it("without the owner where the policy denies something that is not missing", () => {
            const all = [dryRunOf("Attach", "refused", SCP), dryRunOf("Assign", "untried")];
            deepStrictEqual(
                verdict(all, { Attach: "allowed", Assign: "denied" }),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Assign (according to IAM's policy simulator).`,
                ),
            );
        });

        for (const denied of [
            "because no identity-based policy allows the ec2:Attach action",
            "with an explicit deny in an identity-based policy",
            "because no permissions boundary allows the ec2:Attach action",
            "with an explicit deny in a permissions boundary",
            "with an explicit deny in a session policy",
        ]) {
            it(`where EC2 refuses "${denied}" and the caller may not simulate`, () => {
                deepStrictEqual(
                    verdictWithoutSimulation([dryRunOf("Attach", "refused", `No: ${denied}`)]).verdict,
                    "no",
                );
            });
        }

        it("where EC2 does not know the session yet", () => {
            deepStrictEqual(
                verdict([dryRunOf("Attach", "stranger", "AuthFailure: who?")], { Attach: "allowed" }),
                no(
                    `The role ${roleArn} lacks these EC2 permissions: ec2:Attach. In its session, ec2:Attach failed: AuthFailure: who?`,
                ),
            );
        });
    });
});
