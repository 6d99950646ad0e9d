import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "node:assert/strict";
import { formerFieldManagers } from "../../../../components/delivery/formerFieldManagers";

const former = (aliases: pulumi.ComponentResourceOptions["aliases"]) =>
    formerFieldManagers("network", aliases, "shop", "prod");

const urnOf = (name: string) =>
    `urn:pulumi:live::platform::eks:index:Cluster$eks-cni:index:CniServiceAccountRole::${name}`;

const table: [what: string, aliases: pulumi.ComponentResourceOptions["aliases"], managers: string[]][] = [
    ["no alias", undefined, []],
    ["an empty list", [], []],
    ["a former name", [{ name: "cni" }], ["eks-cni/shop/prod/cni"]],
    ["a former project", [{ project: "platform" }], ["eks-cni/platform/prod/network"]],
    ["a former stack", [{ stack: "live" }], ["eks-cni/shop/live/network"]],
    ["all of it as a URN", [urnOf("cni")], ["eks-cni/platform/live/cni"]],
    ["a URN whose name has colons", [urnOf("a::b")], ["eks-cni/platform/live/b"]],
    [
        "several, each once",
        [{ name: "cni" }, { name: "cni" }, { name: "vpc" }],
        ["eks-cni/shop/prod/cni", "eks-cni/shop/prod/vpc"],
    ],
    ["another parent, which leaves the name", [{ parent: pulumi.rootStackResource }], []],
    ["what is no URN", ["cni"], []],
    ["what only ends like a URN", [`x${urnOf("cni")}`], []],
    ["a name that is known later", [{ name: pulumi.output("cni") }], []],
    ["a project that is known later", [{ project: pulumi.output("cni") }], []],
    ["a stack that is known later", [{ stack: pulumi.output("cni") }], []],
    ["nothing, which JavaScript may list", [null as unknown as pulumi.Alias], []],
    ["an alias that is known later", [pulumi.output("cni")], []],
    [
        "an alias that is known later, and one that is known",
        [{ name: pulumi.output("x") }, { name: "cni" }],
        ["eks-cni/shop/prod/cni"],
    ],
    ["a list that is known later", pulumi.output([{ name: "cni" }]) as unknown as pulumi.Alias[], []],
];

describe("The field managers under which a component may have begun", () => {
    table.forEach(([what, aliases, managers]) => {
        it(`with ${what}: ${managers.length === 0 ? "none" : managers.join(", ")}`, () => {
            deepStrictEqual(former(aliases), managers);
        });
    });
});
