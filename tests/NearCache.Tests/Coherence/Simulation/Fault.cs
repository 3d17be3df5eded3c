namespace NearCache.Tests.Coherence.Simulation;

internal enum Fault
{
    BreakConnection,
    BlackHole,
    PauseServer,
    RestartServer,
    FlushAll,
    EvictTotal,
    EvictSegment,
    EvictLog,
    EvictValue,
    RefuseBump,
    PauseProcess,
    SuspendMachine,
    CrashProcess,
    WallClockJump,
    LoseSession,
    StallSession,
    LoseEvents,
    RecreateSlot,
}
