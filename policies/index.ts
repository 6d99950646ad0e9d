import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

// A pack registers itself with the engine as it is made; whoever wants the rules alone imports rules.ts.
export const pack = new PolicyPack("eks-cni", { policies: rules, enforcementLevel: "mandatory" });
