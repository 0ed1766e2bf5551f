"""Draw every figure of the book again: `python -m figures`."""

from pathlib import Path

from figures import (
    bulk_times,
    byte_map,
    card,
    error_tree,
    four_lies,
    in_the_file,
    mark,
    matching_names,
    measured,
    memory_map,
    parameter_states,
    params_bytes,
    params_list,
    pickle_machine,
    qr_codes,
    resumed_run,
    round_trip,
    safe_write,
    symbol_graph,
    training_state,
    which_call,
)

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / 'chapters' / 'img'
STATIC = ROOT / 'theme' / 'static'
DRAWINGS = {
    'bulk_times.svg': bulk_times.svg,
    'byte_map.svg': byte_map.svg,
    'error_tree.svg': error_tree.svg,
    'four_lies.svg': four_lies.svg,
    'in_the_file.svg': in_the_file.svg,
    'load_memory.svg': measured.load_memory,
    'load_times.svg': measured.load_times,
    'matching_names.svg': matching_names.svg,
    'memory_map.svg': memory_map.svg,
    'one_times.svg': measured.one_times,
    'parameter_states.svg': parameter_states.svg,
    'params_bytes.svg': params_bytes.svg,
    'params_list.svg': params_list.svg,
    'pickle_machine.svg': pickle_machine.svg,
    'resumed_run.svg': resumed_run.svg,
    'round_trip.svg': round_trip.svg,
    'safe_write.svg': safe_write.svg,
    'symbol_graph.svg': symbol_graph.svg,
    'training_state.svg': training_state.svg,
    'which_call.svg': which_call.svg,
}


def main(folder=IMAGES):
    """Write each figure as an SVG file."""
    for name, svg in DRAWINGS.items():
        (folder / name).write_text(svg(), 'utf-8')
    for chapter, address in qr_codes.addresses().items():
        text = qr_codes.svg(address)
        (folder / f'qr_{chapter}.svg').write_text(text, 'utf-8')


def draw_mark_and_card(folder=STATIC):
    """Write what is seen of the book outside its pages."""
    (folder / 'favicon.svg').write_text(mark.svg(), 'utf-8')
    card.image().save(folder / 'card.png', optimize=True)


if __name__ == '__main__':
    main()
    draw_mark_and_card()
