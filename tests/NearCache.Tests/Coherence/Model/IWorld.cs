namespace NearCache.Tests.Coherence.Model;

/// <summary>A small world whose whole state fits into 128 bits: it is loaded, one event occurs, and it is saved.</summary>
internal interface IWorld
{
    /// <summary>Gets the number of kinds of events.</summary>
    int Actions { get; }

    /// <summary>Returns the initial state.</summary>
    UInt128 Begin();

    void Load(UInt128 state);

    UInt128 Save();

    /// <summary>Executes one event. Returns false if it cannot occur in this state, which may be invalid then.</summary>
    bool Try(int action);

    /// <summary>Describes what an action does in this state.</summary>
    string Name(int action);

    /// <summary>Returns what is wrong in this state; null if nothing is.</summary>
    string? Broken();
}
