using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Model;

/// <summary>
/// One key, two processes that fill it from the source, and one that changes the source and then removes or sets the key. The server may
/// restart, and empty items may expire.
/// </summary>
/// <remarks>The invariant: after the change is complete, memcached never holds the old value again.</remarks>
internal sealed class LeaseWorld<TProtocol>(bool removes) : IWorld
    where TProtocol : struct, IFillProtocol
{
    private const int Fillers = 2;

    private readonly Filler[] _fillers = new Filler[Fillers];
    private Item _item;
    private int _itemCas;
    private int _cas;
    private int _source;
    private int _life;
    private int _reads;
    private Change _change;

    private enum Item
    {
        None,
        Empty,
        Old,
        New,
    }

    private enum Stage
    {
        Idle,
        Asked,
        HasOld,
        HasNew,
    }

    private enum Change
    {
        NotYet,
        SourceChanged,
        Complete,
    }

    public int Actions => 11;

    public string Name(int action) => action switch
    {
        < 2 => $"filler {action} reads: {_item} with CAS {_itemCas}",
        < 4 => $"filler {action - 2}: the factory reads the {(_source == 0 ? "old" : "new")} value",
        < 6 => $"filler {action - 4} stores over {_item}",
        < 8 => $"filler {action - 6} gives up",
        8 => _change == Change.NotYet ? "the source changes" : removes ? "the key is removed" : "the key is set",
        9 => "the server restarts",
        _ => "the empty item ends",
    };

    public bool Try(int action) => action switch
    {
        < 2 => Read(action),
        < 4 => RunFactory(action - 2),
        < 6 => Store(action - 4),
        < 8 => GiveUp(action - 6),
        8 => MakeChange(),
        9 => Restart(),
        _ => EndEmpty(),
    };

    public string? Broken() =>
        _change == Change.Complete && _item == Item.Old ? "memcached holds the old value again, after the change was complete" : null;

    public UInt128 Begin()
    {
        Load(0);
        _reads = 3;
        return Save();
    }

    public void Load(UInt128 state)
    {
        var bits = new BitBuffer(state);
        (_item, _itemCas, _cas, _source, _life, _reads, _change) =
            ((Item)bits.Take(2), bits.Take(4), bits.Take(4), bits.Take(1), bits.Take(1), bits.Take(2), (Change)bits.Take(2));
        for (var filler = 0; filler < Fillers; filler++)
        {
            _fillers[filler] = new Filler((Stage)bits.Take(2), bits.Take(1) != 0, bits.Take(4), bits.Take(1));
        }
    }

    public UInt128 Save()
    {
        var bits = new BitBuffer(0);
        bits.Put((int)_item, 2);
        bits.Put(_itemCas, 4);
        bits.Put(_cas, 4);
        bits.Put(_source, 1);
        bits.Put(_life, 1);
        bits.Put(_reads, 2);
        bits.Put((int)_change, 2);
        foreach (var filler in _fillers)
        {
            bits.Put((int)filler.Stage, 2);
            bits.Put(filler.HasCas ? 1 : 0, 1);
            bits.Put(filler.Cas, 4);
            bits.Put(filler.Life, 1);
        }

        return bits.Value;
    }

    // mg with N: a missing item becomes an empty one, and its reader has won. A reader without leases sees nothing instead, as
    // AddsWithoutCas does.
    private bool Read(int index)
    {
        if (_fillers[index].Stage != Stage.Idle || _reads == 0 || _item is Item.Old or Item.New)
        {
            return false;
        }

        _reads--;
        if (_item == Item.None && !TProtocol.AddsWithoutCas)
        {
            Put(Item.Empty);
        }

        _fillers[index] = new Filler(Stage.Asked, _item != Item.None, _item == Item.None ? 0 : _itemCas, _life);
        return true;
    }

    private bool RunFactory(int index)
    {
        if (_fillers[index].Stage != Stage.Asked)
        {
            return false;
        }

        _fillers[index] = _fillers[index] with { Stage = _source == 0 ? Stage.HasOld : Stage.HasNew };
        return true;
    }

    private bool Store(int index)
    {
        var filler = _fillers[index];
        if (filler.Stage is not (Stage.HasOld or Stage.HasNew))
        {
            return false;
        }

        if (!TProtocol.CasBeforeFactory && _item != Item.None)
        {
            filler = filler with { HasCas = true, Cas = _itemCas };
        }

        var right = new FillPermit(filler.HasCas ? (ulong)filler.Cas : null, filler.Life, 0);
        var stores = right.Now<TProtocol>(filler.Life == _life) switch
        {
            StoreMode.IfUnchanged => _item != Item.None && _itemCas == filler.Cas,
            StoreMode.IfAbsent => _item == Item.None,
            StoreMode.Always => true,
            _ => false,
        };
        if (stores)
        {
            Put(filler.Stage == Stage.HasOld ? Item.Old : Item.New);
        }

        _fillers[index] = default;
        return true;
    }

    private bool GiveUp(int index)
    {
        var filler = _fillers[index];
        if (filler.Stage != Stage.Asked)
        {
            return false;
        }

        if (filler.HasCas && filler.Life == _life && _item == Item.Empty && _itemCas == filler.Cas)
        {
            (_item, _itemCas) = (Item.None, 0);
        }

        _fillers[index] = default;
        return true;
    }

    private bool MakeChange()
    {
        switch (_change)
        {
            case Change.NotYet:
                (_source, _change) = (1, Change.SourceChanged);
                return true;
            case Change.SourceChanged:
                _change = Change.Complete;
                if (removes)
                {
                    (_item, _itemCas) = (Item.None, 0);
                }
                else
                {
                    Put(Item.New);
                }

                return true;
            default:
                return false;
        }
    }

    private bool Restart()
    {
        if (_life == 1)
        {
            return false;
        }

        (_life, _item, _itemCas, _cas) = (1, Item.None, 0, 0);
        return true;
    }

    private bool EndEmpty()
    {
        if (_item != Item.Empty)
        {
            return false;
        }

        (_item, _itemCas) = (Item.None, 0);
        return true;
    }

    private void Put(Item item) => (_item, _itemCas) = (item, ++_cas);

    private readonly record struct Filler(Stage Stage, bool HasCas, int Cas, int Life);
}
