from playwright.sync_api import expect


def test_the_code_is_by_hand_or_with_a_toolkit(visit):
    visitor = visit("#index=63&attack=pgd&tour=off")
    code = visitor.page.get_by_test_id("code").first
    code.locator("summary").click()
    text = code.get_by_test_id("code-text")
    expect(text).to_contain_text("torch.autograd.grad")
    visitor.set_epsilon(0.15)
    expect(text).to_contain_text("epsilon = 0.150")
    code.locator('[data-how="toolkit"]').click()
    expect(code.locator('[data-how="toolkit"]')).to_have_attribute("aria-pressed", "true")
    expect(text).to_contain_text("ProjectedGradientDescent(")
    expect(text).to_contain_text("epsilon = 0.150")
    expect(code).to_contain_text("torch, safetensors and adversarial-robustness-toolbox")
    code.locator('[data-part="proof"]').click()
    expect(text).to_contain_text("def proved(")
    expect(code.locator('[data-how="toolkit"]')).to_have_count(0)
    visitor.page.locator('[data-language="zh"]').click()
    expect(text).to_contain_text("61,706 个数")


def test_a_painting_has_a_program_too(visit):
    visitor = visit("#index=63&epsilon=0.3")
    code = visitor.page.get_by_test_id("code").first
    code.locator("summary").click()
    text = code.get_by_test_id("code-text")
    expect(text).to_contain_text("torch.autograd.grad")
    visitor.find("hand").click()
    expect(text).to_contain_text("epsilon * signs")
    before = text.inner_text()
    visitor.draw((0.3, 0.3), (0.7, 0.4), pad="hand-pad")
    expect(text).not_to_have_text(before)
    expect(text).to_contain_text("epsilon * signs")
    visitor.find("hand").click()
    expect(text).to_contain_text("torch.autograd.grad")
