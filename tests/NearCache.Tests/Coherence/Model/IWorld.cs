namespace NearCache.Tests.Coherence.Model;

/// <summary>A small world whose whole state fits into 128 bits: it is loaded, one thing happens, it is saved.</summary>
internal interface IWorld
{
    /// <summary>How many kinds of things can happen.</summary>
    int Actions { get; }

    /// <summary>The state in which nothing happened yet.</summary>
    UInt128 Begin();

    void Load(UInt128 state);

    UInt128 Save();

    /// <summary>Does one thing: false if it cannot happen in this state, which may be spoiled then.</summary>
    bool Try(int action);

    /// <summary>The words for what an action does in this state.</summary>
    string Name(int action);

    /// <summary>What is wrong in this state; null if nothing.</summary>
    string? Broken();
}
