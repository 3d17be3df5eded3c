namespace NearCache.Tests.Coherence.Model;

/// <summary>Packs small numbers into 128 bits, and reads them back in the same order.</summary>
internal struct BitBuffer(UInt128 value)
{
    private int _at;

    public UInt128 Value { get; private set; } = value;

    public void Put(int number, int bits)
    {
        if (number < 0 || number >> bits != 0 || _at + bits > 128)
        {
            throw new InvalidOperationException($"{number} does not fit into {bits} bits at {_at}.");
        }

        Value |= (UInt128)(uint)number << _at;
        _at += bits;
    }

    public int Take(int bits)
    {
        var number = (int)((uint)(Value >> _at) & ((1u << bits) - 1));
        _at += bits;
        return number;
    }
}
