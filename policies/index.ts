// This comes first, so that it can explain a missing @pulumi/policy.
import "./support/policySdk";
import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

// A PolicyPack registers itself with the engine when it is constructed. To use only the rules, import rules.ts.
export const pack = new PolicyPack("eks-cni", { policies: rules, enforcementLevel: "mandatory" });
