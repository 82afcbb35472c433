/**
 * What the phases of one tree's end share.
 *
 * @module
 */
import type { Walk } from "../tree/walk.ts";
import type { Freezer } from "./freezer.ts";
import type { KillScope, KillScopeOptions } from "./kill_scope.ts";
import type { KillTargets, KillTargetsOptions } from "./kill_targets.ts";
import type { KillWait } from "./kill_wait.ts";
import type { TreeFinder } from "./tree_finder.ts";

/** What was asked for, checked. */
export interface KillerOptions extends KillScopeOptions, KillTargetsOptions {
  readonly killSignal: number;
  readonly graceMs: number;
  readonly statusMs: number;
  readonly freeze: boolean;
  readonly signal?: AbortSignal;
}

/** Made by the killer. */
export interface KillParts {
  readonly walk: Walk;
  readonly options: KillerOptions;
  readonly scope: KillScope;
  readonly targets: KillTargets;
  readonly freezer: Freezer;
  readonly finder: TreeFinder;
  readonly wait: KillWait;
}
